# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing in and out, the language and the appearance of the pages, and where each person's day begins.

Reads from Django's settings: `PERMANENCE_WEB_URL` (the address that gives a browser its microphone) and
`PERMANENCE_DEMO_LOGINS` (a sequence of `(who, e-mail, password)`, only in the demonstration house).
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from permanence.foundation import operations, patience
from permanence.foundation.models import Language, Person
from permanence.foundation.rules import Role
from permanence.foundation.who import who, who_is
from permanence.kernel.system import SystemClock

LANDING: tuple[tuple[Role, str], ...] = (
    (Role.SECRETARY, "/console"),
    (Role.SUPERVISOR, "/supervision/calls"),
    (Role.OWNER, "/backstage/"),
    (Role.PORTAL_USER, "/portal"),
)
"""Where a person goes after signing in: the first role of this list that is hers decides."""
THEMES = frozenset({"light", "dark"})
A_YEAR = 365 * 24 * 3600
MINUTE_S = 60
JUST_CHOSEN = "language_chosen"
"""The cookie that says that a language was chosen on the sign-in page."""
JUST_S = 15 * MINUTE_S
CLOCK = SystemClock()
FIELD_LIMIT = 320
"""Characters read from a field of the sign-in form: an e-mail address has at most 254 (RFC 5321)."""


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """A login that the demonstration house shows to everybody."""

    who: str
    username: str
    password: str


def landing(roles: frozenset[Role]) -> str:
    """The path at which the day of somebody with these roles begins; the sign-in page when no door opens."""
    return next((path for role, path in LANDING if role in roles), reverse("login"))


def microphone_works(*, secure: bool, host: str) -> bool:
    """Whether a browser gives the microphone to a page of this host: over TLS, or on the machine itself.

    W3C Secure Contexts, section 3.1: loopback addresses and `localhost` are trustworthy without TLS. `host` may carry a
    port, as in the Host header.
    """
    name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    if secure or name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def demo_logins() -> tuple[DemoLogin, ...]:
    """The logins to show on the sign-in page: none in a real house."""
    return tuple(DemoLogin(*entry) for entry in getattr(settings, "PERMANENCE_DEMO_LOGINS", ()))


def safe_next(request: HttpRequest, asked: str) -> str:
    """`asked` when it is an address of this site, else "" (no open redirect)."""
    safe = url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return asked if asked and safe else ""


def _sign_in_page(request: HttpRequest, *, username: str, asked: str, failed: str) -> HttpResponse:
    works = microphone_works(secure=request.is_secure(), host=request.get_host())
    context = {
        "username": username,
        "next": asked,
        "failed": failed,
        "signed_out": "out" in request.GET,
        "demo_logins": demo_logins(),
        "insecure": not works,
        "secure_url": "" if works else getattr(settings, "PERMANENCE_WEB_URL", ""),
    }
    return render(request, "foundation/login.html", context, status=422 if failed else 200)


def _too_many(wait: timedelta) -> str:
    """Too many wrong passwords, in words: how long to wait."""
    seconds = int(wait.total_seconds()) + 1
    if seconds <= MINUTE_S:
        return _("Too many wrong passwords. Try again in %(seconds)d seconds.") % {"seconds": seconds}
    minutes = -(-seconds // MINUTE_S)
    return _("Too many wrong passwords. Try again in %(minutes)d minutes.") % {"minutes": minutes}


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page, in the browser's language; a good password leads to the person's own screen."""
    asked = safe_next(request, request.POST.get("next") or request.GET.get("next", ""))
    if request.method != "POST":
        there = request.user
        # Back in the browser leads here: who is signed in is not asked to sign in.
        if isinstance(there, Person) and not asked and (own := landing(there.roles)) != reverse("login"):
            return HttpResponseRedirect(own)
        return _sign_in_page(request, username="", asked=asked, failed="")
    username = request.POST.get("username", "").strip()[:FIELD_LIMIT]
    password = request.POST.get("password", "")[:FIELD_LIMIT]
    if not username or not password:
        return _sign_in_page(
            request, username=username, asked=asked, failed=_("Type your user name and your password.")
        )
    address, at = request.META.get("REMOTE_ADDR", ""), CLOCK.now()
    until = patience.allowed_at(username=username, address=address, at=at)
    if until is not None:
        return _sign_in_page(request, username=username, asked=asked, failed=_too_many(until - at))
    tried = patience.begin(username=username, address=address, at=at)
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, Person):
        failed = _(
            "This user name and this password do not go together. Check the capitals and the keyboard's language."
        )
        return _sign_in_page(request, username=username, asked=asked, failed=failed)
    patience.forgive(username=username, tried=tried)
    login(request, user)
    answer = HttpResponseRedirect(asked or landing(user.roles))
    _speak_hers(request, answer, user, at=at)
    return answer


def _speak_hers(request: HttpRequest, answer: HttpResponse, user: Person, *, at: datetime) -> None:
    """The pages speak her language: the one chosen a moment ago on this page, which she keeps, else the one she has.

    What another person left in this browser is neither.
    """
    language = user.language
    if JUST_CHOSEN in request.COOKIES:
        language = get_language() or language
        operations.choose_language(language=language, by=who_is(user), at=at)
        answer.delete_cookie(JUST_CHOSEN)
    remember(answer, settings.LANGUAGE_COOKIE_NAME, language, secure=request.is_secure())


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session of this browser. A conversation in progress belongs to the exchange and goes on."""
    logout(request)
    return HttpResponseRedirect(f"{reverse('login')}?{urlencode({'out': 1})}")


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keeps the chosen appearance in a cookie; anything but light or dark means: as the system."""
    answer = HttpResponseRedirect(safe_next(request, request.POST.get("next", "")) or "/")
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        remember(answer, "theme", theme, secure=request.is_secure())
    else:
        answer.delete_cookie("theme")
    return answer


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """The language of the menu: kept in this browser, and with the person, who finds it at the next sign-in elsewhere.

    Chosen on the sign-in page it is hers who signs in soon after. One that the pages do not speak changes nothing.
    """
    answer = HttpResponseRedirect(safe_next(request, request.POST.get("next", "")) or "/")
    language, secure = request.POST.get("language", ""), request.is_secure()
    if language not in Language.values:
        return answer
    remember(answer, settings.LANGUAGE_COOKIE_NAME, language, secure=secure)
    if isinstance(request.user, Person):
        operations.choose_language(language=language, by=who(request), at=CLOCK.now())
    else:
        answer.set_cookie(JUST_CHOSEN, "1", max_age=JUST_S, samesite="Lax", secure=secure, httponly=True)
    return answer


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The house's first address: the person's own screen, or the sign-in page."""
    person = request.user
    return HttpResponseRedirect(landing(person.roles) if isinstance(person, Person) else reverse("login"))


def remember(answer: HttpResponse, name: str, value: str, *, secure: bool) -> None:
    """Keep a choice in this browser for a year."""
    answer.set_cookie(name, value, max_age=A_YEAR, samesite="Lax", secure=secure)
