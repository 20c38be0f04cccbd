# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether somebody may be written to, asked while his visit is booked: only what can be used and was never asked."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.callers import operations, queries
from permanence.callers.queries import PatientView
from permanence.callers.rules.identity import ContactWay
from permanence.console.agenda_asked import client_asked, says_why
from permanence.console.own_page import own_page_only
from permanence.console.views import BadRequest, json_body, text_of
from permanence.countries.numbers import spell_international
from permanence.dispatch.sms_reach import NoConsent, NoMobile, SmsOff, may_reach
from permanence.foundation.who import Who, who
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.system import SystemClock

_CLOCK = SystemClock()
ANSWERS = {"yes": True, "no": False}


@never_cache
@require_safe
@own_page_only
@says_why
def unasked(request: HttpRequest) -> HttpResponse:
    """What is still to be asked of a patient, `{"ways": [{"way", "to"}]}`."""
    by, client = who(request), client_asked(who(request), request.GET.get("client", ""))
    person = queries.standing(house=by.house, client=client.id, patient=request.GET.get("patient", ""))
    return JsonResponse({"ways": [{"way": way.value, "to": to} for way, to in _unasked(person, by=by)]})


@require_POST
@own_page_only
@says_why
def note(request: HttpRequest) -> HttpResponse:
    """What he said of one `way`: `answer` yes or no. Kept as on his file, with who asked and when."""
    by, data = who(request), json_body(request)
    client, answer = client_asked(by, text_of(data, "client")), text_of(data, "answer")
    person = queries.standing(house=by.house, client=client.id, patient=text_of(data, "patient"))
    if answer not in ANSWERS:
        raise BadRequest(f"{answer[:20]!r} is no answer")
    given, way = ANSWERS[answer], text_of(data, "way")
    operations.note_consent(client=client.id, patient=person.id, way=way, given=given, by=by, at=_CLOCK.now())
    return JsonResponse({"way": way, "answer": answer})


def _unasked(person: PatientView, *, by: Who) -> list[tuple[ContactWay, str]]:
    """The ways that would reach him and about which he was never asked, with the grouped number or the address."""
    if person.is_deceased:
        return []
    asked = {each.way for each in queries.consents_of(person)}
    found = list[tuple[ContactWay, str]]()
    if ContactWay.SMS not in asked and not person.may_sms and (mobile := _mobile(person, by=by)):
        found.append((ContactWay.SMS, spell_international(PhoneNumber(mobile))))
    if ContactWay.MAIL not in asked and not person.may_mail and person.mail:
        found.append((ContactWay.MAIL, person.mail))
    return found


def _mobile(person: PatientView, *, by: Who) -> str:
    """Where an SMS would go if he agreed; "" where none can: no provider, no mobile number, he said STOP."""
    try:
        return may_reach(house_key=by.house_key, patient=replace(person, may_sms=True))
    except (SmsOff, NoConsent, NoMobile):
        return ""
