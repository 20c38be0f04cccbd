# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first sign-in: the page behind an invitation's link. GET shows it, POST alone uses the link up."""

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from permanence.foundation import invitations
from permanence.foundation.invitations import InvitationView
from permanence.foundation.login import FIELD_LIMIT, landing, remember
from permanence.foundation.models import Language
from permanence.foundation.operations import LanguageUnknown, PasswordWeak
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()
PASSWORD_LIMIT = 1000
"""Characters of a password: hashing a longer one would only cost."""


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """The page, in the language of the invitation until the person has chosen another one."""
    at = CLOCK.now()
    try:
        found = invitations.look(token=token, at=at)
    except Refusal as refusal:
        return _no_good(request, refusal)
    language = request.POST.get("language", found.language)
    with translation.override(_spoken(request, language)):
        if request.method != "POST":
            return _page(request, found, name="", language=language)
        return _joined(request, found, token, language)


def _joined(request: HttpRequest, found: InvitationView, token: str, language: str) -> HttpResponse:
    name, password = request.POST.get("name", "")[:FIELD_LIMIT], request.POST.get("password", "")
    failed = ""
    if not name.strip():
        failed = _("Write your name: callers and clients know you by it.")
    elif password != request.POST.get("again", ""):
        failed = _("The two passwords are not the same.")
    elif len(password) > PASSWORD_LIMIT:
        failed = _("This password is too long.")
    if failed:
        return _page(request, found, name=name, language=language, failed=failed)
    try:
        person = invitations.accept(token=token, name=name, password=password, language=language, at=CLOCK.now())
    except PasswordWeak as refusal:
        return _page(request, found, name=name, language=language, failed=refusal.why)
    except LanguageUnknown:
        return _page(request, found, name=name, language=found.language, failed=_("Choose one of the languages."))
    except Refusal as refusal:
        return _no_good(request, refusal)
    login(request, person)
    answer = HttpResponseRedirect(landing(person.roles))
    remember(answer, settings.LANGUAGE_COOKIE_NAME, person.language, secure=request.is_secure())
    return answer


def _spoken(request: HttpRequest, language: str) -> str:
    chosen = request.method == "POST" or settings.LANGUAGE_COOKIE_NAME not in request.COOKIES
    return language if chosen and language in Language.values else translation.get_language() or language


def _page(request: HttpRequest, found: InvitationView, *, name: str, language: str, failed: str = "") -> HttpResponse:
    context = {
        "invitation": found,
        "name": name,
        "language": language,
        "languages": settings.LANGUAGES,
        "failed": failed,
    }
    return render(request, "foundation/join.html", context, status=422 if failed else 200)


def _no_good(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    said = {
        "invitation_used": _("This link has been used: you have a password already."),
        "invitation_revoked": _("The house has taken this invitation back."),
        "invitation_expired": _("This link was good for seven days, and they are over."),
        "invitation_replaced": _("A later mail has come to you: the link in that one is good."),
    }.get(refusal.code)
    status = 404 if said is None else 410
    return render(request, "foundation/join_no_good.html", {"said": said, "code": refusal.code}, status=status)
