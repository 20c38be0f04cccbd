# SPDX-License-Identifier: AGPL-3.0-or-later
"""The door itself: every address answers in JSON, every no is an OperationOutcome. No session opens it."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Concatenate
from urllib.parse import urlencode

import orjson
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from permanence.agenda.rules.interface import Scope
from permanence.api.fhir import capability as capabilities
from permanence.api.fhir import export as exports
from permanence.api.fhir import scheduling, searches
from permanence.api.fhir.declared import BOOK, EXPORT, FIND, HOLD, KINDS, OPERATIONS
from permanence.api.fhir.gate import CLOCK, admit
from permanence.api.fhir.incoming import body_of, parameters, unreadable
from permanence.api.fhir.outcome import Failure, Resource, refused
from permanence.api.fhir.params import FORMATS, Page, Params, read
from permanence.api.fhir.practice import practice_of
from permanence.api.fhir.resources import etag
from permanence.api.fhir.searches import Asked
from permanence.kernel.refusals import Refusal

MEDIA = "application/fhir+json"
ANY = frozenset({"*/*", "application/*", MEDIA, "application/json"})

type View[**P] = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def door[**P](*methods: str) -> Callable[[View[P]], View[P]]:
    """A view of this door that answers these methods; HEAD with GET."""
    allowed = [*methods, *(["HEAD"] if "GET" in methods else [])]

    def make(view: View[P]) -> View[P]:
        @csrf_exempt
        @login_not_required
        @wraps(view)
        def opened(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            try:
                if request.method not in allowed:
                    raise Failure(405, "not-supported", "method_unknown", _("This is not done here."))
                _in_json(request)
                return view(request, *args, **kwargs)
            except Failure as failure:
                response = answer(failure.resource(), status=failure.status)
                if failure.status == 405:
                    response["Allow"] = ", ".join(allowed)
                if failure.status == 401:
                    response["WWW-Authenticate"] = "Bearer"
                if failure.retry_s:
                    response["Retry-After"] = str(failure.retry_s)
                return response

        return opened

    return make


def answer(resource: Resource, *, status: int = 200) -> HttpResponse:
    """The resource, kept by nobody on its way."""
    response = HttpResponse(orjson.dumps(resource), status=status, content_type=f"{MEDIA}; charset=utf-8")
    response["Cache-Control"] = "private, no-store"
    if "versionId" in resource.get("meta", {}):
        response["ETag"] = etag(resource)
    return response


def within[R: HttpResponseBase](request: HttpRequest, scope: Scope, act: Callable[[Asked], R]) -> R | HttpResponse:
    """Let a system in and act for it; a refusal of the rooms below is told in the words of the public."""
    access = admit(request, scope)
    at = CLOCK.now()
    try:
        return act(Asked(access=access, practice=practice_of(access), at=at))
    except Refusal as refusal:
        status, body = refused(refusal, zone=access.client.time_zone, at=at)
        return answer(body, status=status)


@door("GET")
def metadata(request: HttpRequest) -> HttpResponse:
    """What this door does: told to everybody."""
    read(request.GET, known=(), base=base_of(request))
    return answer(capabilities.capability(base_of(request)))


@door("GET")
def definition(request: HttpRequest, name: str) -> HttpResponse:
    """What an operation is: told to everybody."""
    read(request.GET, known=(), base=base_of(request))
    if name not in OPERATIONS:
        raise searches.missing()
    return answer(capabilities.definition(base_of(request), OPERATIONS[name]))


@door("POST")
def export(request: HttpRequest) -> HttpResponseBase:
    """The practice, taken out whole."""

    def act(asked: Asked) -> StreamingHttpResponse:
        params = Params(_texts(request, EXPORT.names), base_of(request))
        found = StreamingHttpResponse(exports.export(params, asked), content_type=f"{MEDIA}; charset=utf-8")
        found["Cache-Control"] = "private, no-store"
        return found

    return within(request, Scope.EXPORT, act)


@door("GET")
def search(request: HttpRequest, kind: str) -> HttpResponse:
    """A page of what fits."""

    def act(asked: Asked) -> HttpResponse:
        params = read(request.GET, known=_known(kind), base=base_of(request))
        total, found = searches.search(kind, params, asked)
        return answer(_bundle(kind, params, total, found))

    return within(request, Scope.READ, act)


@door("GET", "PUT")
def one(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """One resource; an appointment is also moved and cancelled."""
    if request.method == "PUT":
        return _put(request, kind, key)

    def act(asked: Asked) -> HttpResponse:
        _known(kind)
        read(request.GET, known=(), base=base_of(request))
        return answer(searches.read(kind, key, asked))

    return within(request, Scope.READ, act)


def _put(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    if kind not in KINDS or not KINDS[kind].update:
        raise Failure(405, "not-supported", "method_unknown", _("This is not done here."))

    def act(asked: Asked) -> HttpResponse:
        read(request.GET, known=(), base=base_of(request))
        said = request.headers.get("If-Match", "")
        if not said:
            raise Failure(428, "required", "version_missing", _("Say which version you have read: If-Match."))
        wanted = body_of(request, kind)
        if wanted.get("id") != key:
            raise unreadable("Appointment.id")
        version = said.removeprefix("W/").strip('"')
        return answer(scheduling.update(wanted, asked, base_of(request), version=version or "-"))

    return within(request, Scope.BOOK, act)


@door("GET", "POST")
def find(request: HttpRequest) -> HttpResponse:
    """ITI-115."""

    def act(asked: Asked) -> HttpResponse:
        params = read(request.GET, known=FIND.names if request.method != "POST" else (), base=base_of(request))
        if request.method == "POST":
            params = Params(_texts(request, FIND.names), params.base)
        found = scheduling.find(params, asked)
        links = _links("Appointment/$find", params, found.total)
        return answer(found.bundle(params.base) | {"link": links})

    return within(request, Scope.READ, act)


@door("POST")
def hold(request: HttpRequest) -> HttpResponse:
    """ITI-116."""

    def act(asked: Asked) -> HttpResponse:
        given = parameters(body_of(request, "Parameters"), known=HOLD.names)
        return answer(scheduling.hold(given, asked, base_of(request)).bundle(base_of(request)))

    return within(request, Scope.BOOK, act)


@door("POST")
def book(request: HttpRequest) -> HttpResponse:
    """ITI-117."""

    def act(asked: Asked) -> HttpResponse:
        given = parameters(body_of(request, "Parameters"), known=BOOK.names)
        return answer(scheduling.book(given, asked, base_of(request)).bundle(base_of(request)))

    return within(request, Scope.BOOK, act)


@door("GET", "POST", "PUT", "PATCH", "DELETE")
def nothing(request: HttpRequest, rest: str) -> HttpResponse:
    """Nothing has this address."""
    del rest

    def act(_asked: Asked) -> HttpResponse:
        raise searches.missing()

    return within(request, Scope.READ, act)


def base_of(request: HttpRequest) -> str:
    """The address of this door as the one who asks sees it."""
    return request.build_absolute_uri("/fhir")


def _texts(request: HttpRequest, known: Sequence[str]) -> dict[str, list[str]]:
    """The parameters of the body, all of them words. Raises Failure."""
    given = parameters(body_of(request, "Parameters"), known=known)
    if not all(isinstance(each, str) for values in given.values() for each in values):
        raise unreadable("Parameters.parameter")
    return given


def _known(kind: str) -> frozenset[str]:
    if kind not in KINDS:
        raise Failure(404, "not-supported", "type_unknown", _("There is no such thing here."))
    return KINDS[kind].names


def _in_json(request: HttpRequest) -> None:
    asked = request.GET.get("_format", "json").partition(";")[0]
    accepted = [each.partition(";")[0].strip() for each in request.headers.get("Accept", "*/*").split(",")]
    if asked not in FORMATS or not ANY & set(accepted):
        raise Failure(406, "not-supported", "format_unknown", _("This is told in JSON alone."))


def _bundle(kind: str, params: Params, total: int, found: list[Resource]) -> Resource:
    """A page as a searchset."""
    links = _links(kind, params, total)
    entries = [
        {"fullUrl": f"{params.base}/{kind}/{each['id']}", "resource": each, "search": {"mode": "match"}}
        for each in found
    ]
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": total, "link": links}
    return bundle | ({"entry": entries} if entries else {})


def _links(kind: str, params: Params, total: int) -> list[Resource]:
    """The addresses of a page and of those around it; what was asked in a body stands in them too."""
    page = params.page()
    links = [{"relation": "self", "url": _address(kind, params, page)}]
    if page.most and page.first + page.most < total:
        links.append(
            {"relation": "next", "url": _address(kind, params, Page(first=page.first + page.most, most=page.most))}
        )
    if page.most and page.first:
        before = Page(first=max(0, page.first - page.most), most=page.most)
        links.append({"relation": "previous", "url": _address(kind, params, before)})
    return links


def _address(kind: str, params: Params, page: Page) -> str:
    kept = [
        (name, each) for name, values in params.values.items() if name not in {"_count", "_offset"} for each in values
    ]
    return f"{params.base}/{kind}?{urlencode([*kept, ('_count', page.most), ('_offset', page.first)])}"
