# SPDX-License-Identifier: AGPL-3.0-or-later
"""The secretary's own page: where she works, and the language of her screens.

It is asked in every browser that has not told yet, and where a later place was told elsewhere: a cookie holds the row
that this browser confirmed.
"""

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.countries.holidays import COUNTRIES
from permanence.foundation import operations
from permanence.foundation.login import remember
from permanence.foundation.who import secretary_only, who
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock
from permanence.staff import places

COOKIE = "place"
FIELD_LIMIT = 400
CLOCK = SystemClock()


def known_here(request: HttpRequest, place: places.PlaceView | None) -> bool:
    """Whether this browser confirmed that she works there."""
    return place is not None and request.COOKIES.get(COOKIE) == place.id


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@secretary_only
def place(request: HttpRequest) -> HttpResponse:
    """The form; saving it leads back to the console."""
    by = who(request)
    held = places.place_of(house=by.house, person=by.person)
    given = {
        "address": held.address if held else "",
        "country": held.country if held else "",
        "language": by.language,
    }
    if request.method != "POST":
        return _page(request, given)
    given = {name: request.POST.get(name, "")[:FIELD_LIMIT] for name in given}
    try:
        with transaction.atomic():  # both or neither
            operations.choose_language(language=given["language"], by=by, at=CLOCK.now())
            told = places.tell_place(address=given["address"], country=given["country"], by=by, at=CLOCK.now())
    except Refusal as refusal:
        said = {
            "address_missing": _("Write the address at which help would find you, in 200 characters at most."),
            "country_unknown": _("Choose the country you work in."),
            "language_unknown": _("Choose one of the languages."),
        }
        return _page(request, given, failed=said.get(refusal.code, _("You do not answer calls in this house.")))
    answer = HttpResponseRedirect("/console")
    remember(answer, COOKIE, told.id, secure=request.is_secure())
    remember(answer, settings.LANGUAGE_COOKIE_NAME, given["language"], secure=request.is_secure())
    return answer


def _page(request: HttpRequest, given: dict[str, str], *, failed: str = "") -> HttpResponse:
    names = {"FR": _("France"), "LU": _("Luxembourg"), "IE": _("Ireland")}
    context = {
        **given,
        "failed": failed,
        "countries": [(code, names.get(code, code)) for code in sorted(COUNTRIES)],
        "languages": settings.LANGUAGES,
    }
    return render(request, "console/place.html", context, status=422 if failed else 200)
