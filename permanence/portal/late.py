# SPDX-License-Identifier: AGPL-3.0-or-later
"""The practitioner is late: one tap tells the secretaries and those still to come who agreed to it; for half a minute
it can be taken back. His page shows whom it concerns and who is to be telephoned.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.agenda.refusals import DelayImpossible
from permanence.dispatch import late_acts
from permanence.dispatch.late_operations import LateKeyTaken, MinutesImpossible
from permanence.dispatch.late_words import until_asked
from permanence.foundation.who import portal_only
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.portal.agenda import READS, day_page, reached
from permanence.portal.days import address_of_day, to_day

_CLOCK = SystemClock()
_ENTROPY = SystemEntropy()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def late(request: HttpRequest, client: str, agenda: str) -> HttpResponse:
    """He is late today, or on time again. `tell` "now": those of the consultation that is on, until `until`, as the
    page has shown it, hear of it if they agreed to that; "day": those of the whole rest of the day. `step` back takes
    that back: `key` is the act, `minutes` what was said before it. Looked at, as after a refusal, the address
    leads to the day.
    """
    by, view, found = reached(request, client, agenda)
    if request.method in READS:
        return to_day(found)
    at, posted = _CLOCK.now(), request.POST
    typed, key, before = posted.get("minutes", ""), posted.get("key", ""), 0
    minutes = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 5 else -1
    try:
        if posted.get("step") == "back":
            late_acts.take_back(key=key, agenda=found.id, before=minutes, by=by, at=at)
        else:
            tell = posted.get("tell", "")
            shown = posted.get("until", "")
            until = until_asked(tell=tell, minutes=minutes, typed=shown, agenda=found.id, by=by, at=at)
            said = late_acts.say_and_tell(
                key=key,
                agenda=found.id,
                minutes=minutes,
                tell=tell != "",
                until=until,
                by=by,
                at=at,
                entropy=_ENTROPY,
            )
            before = said.before
    except (DelayImpossible, MinutesImpossible):
        return day_page(request, by, view, found, refused=_("Choose how many minutes you are late."))
    except LateKeyTaken:
        return day_page(request, by, view, found, refused=_("There is nothing to take back any more."))
    except Refusal:
        return day_page(request, by, view, found, refused=_("It could not be sent. Look at it again."))
    return HttpResponseRedirect(f"{address_of_day(found)}?before={before}#late", status=303)
