# SPDX-License-Identifier: AGPL-3.0-or-later
"""The door of telephones and calendar programs: CalDAV under /dav/, opened by the password of one device.

No session and no cookie: every request carries e-mail address and password (RFC 7617). What is not the person's own is
not there (404).
"""

import base64
import binascii
import io

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from permanence.agenda.interop import dav
from permanence.agenda.interop.devices import Session, sign_in
from permanence.agenda.refusals import DeviceUnknown
from permanence.kernel.system import SystemClock

_CLOCK = SystemClock()
AUTHORIZATION_LIMIT = 2000
PATH_LIMIT = 500


@csrf_exempt
@require_http_methods(["GET", "HEAD", "OPTIONS", "PROPFIND"])
def discover(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Where calendars are, for one who knows only the name of the house (RFC 6764, 5)."""
    return HttpResponseRedirect(reverse("dav"), status=301)


@csrf_exempt
def calendars(request: HttpRequest, path: str) -> HttpResponse:
    """One request of a device."""
    if request.method not in dav.METHODS:
        return HttpResponseNotAllowed(dav.METHODS)
    session = _session(request)
    if session is None:
        answer = HttpResponse("401", status=401, content_type="text/plain; charset=utf-8")
        answer["WWW-Authenticate"] = 'Basic realm="Permanence", charset="UTF-8"'
        return answer
    _own(path, session)
    try:
        body = request.body
    except RequestDataTooBig:
        body = b" " * (dav.BODY_LIMIT + 1)
    if len(body) > dav.BODY_LIMIT:
        return HttpResponse("413", status=413, content_type="text/plain; charset=utf-8")
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": reverse("dav").rstrip("/"),
        "PATH_INFO": f"/{path}",
        "QUERY_STRING": "",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": request.headers.get("Content-Type", "").partition(";")[0],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": request.scheme,
        "HTTP_HOST": request.get_host(),
    }
    for name in ("DEPTH", "IF_MATCH", "IF_NONE_MATCH", "DESTINATION", "OVERWRITE"):
        if f"HTTP_{name}" in request.META:
            environ[f"HTTP_{name}"] = request.META[f"HTTP_{name}"]
    status, headers, content = dav.answer(environ, session=session)
    found = HttpResponse(content, status=status)
    del found["Content-Type"]
    for name, value in headers:
        found[name] = value
    found["Cache-Control"] = "private, no-store"
    return found


def _session(request: HttpRequest) -> Session | None:
    scheme, _, said = request.headers.get("Authorization", "")[:AUTHORIZATION_LIMIT].partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        login, _, password = base64.b64decode(said.strip(), validate=True).decode().partition(":")
        return sign_in(login=login, password=password, at=_CLOCK.now())
    except (binascii.Error, ValueError, DeviceUnknown):
        return None


def _own(path: str, session: Session) -> None:
    """Raises Http404 for what is not the person's own."""
    parts = [each for each in path.split("/") if each]
    if not parts:
        return
    if len(path) > PATH_LIMIT or not path.isprintable() or ".." in parts or "." in parts or len(parts) > 3:
        raise Http404(path[:40])
    if parts[0] != session.principal or (len(parts) > 1 and session.agenda(parts[1]) is None):
        raise Http404(path[:40])
