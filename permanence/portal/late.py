# SPDX-License-Identifier: AGPL-3.0-or-later
"""The practitioner is late: one tap tells the secretaries, and his page shows whom it concerns; a second tells those
by SMS who agreed to it. One number of minutes, wherever it is read.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from permanence.agenda.operations import day as day_acts
from permanence.agenda.refusals import DelayImpossible
from permanence.dispatch import late_operations
from permanence.foundation.who import portal_only
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.portal.agenda import address_of_day, day_page, reached

_CLOCK = SystemClock()
_ENTROPY = SystemEntropy()


@never_cache
@require_POST
@portal_only
def late(request: HttpRequest, client: str, agenda: str) -> HttpResponse:
    """He is late today, or on time again; with `step` tell, those who agreed to SMS hear of it."""
    by, view, found = reached(request, client, agenda)
    at, typed = _CLOCK.now(), request.POST.get("minutes", "")
    minutes = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 5 else -1
    try:
        if request.POST.get("step") == "tell":
            key = request.POST.get("key", "")
            late_operations.tell_late(key=key, agenda=found.id, minutes=minutes, by=by, at=at, entropy=_ENTROPY)
        else:
            day_acts.say_late(agenda=found.id, minutes=minutes, by=by, at=at)
    except DelayImpossible:
        return day_page(request, by, view, found, refused=_("Choose how many minutes you are late."))
    except Refusal:
        return day_page(request, by, view, found, refused=_("It could not be sent. Look at it again."))
    return HttpResponseRedirect(f"{address_of_day(found)}#late", status=303)
