# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether an SMS reaches a patient, and at which number."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from permanence.callers import queries as callers
from permanence.countries.numbers import NotANumber, parse_number
from permanence.countries.numbers import takes_sms as is_mobile
from permanence.dispatch.models import SmsStop
from permanence.dispatch.sms_provider import usable_provider
from permanence.kernel.refusals import Refusal


class SmsOff(Refusal):
    """The house has no provider of SMS."""

    code = "sms_off"


class NoConsent(Refusal):
    """The person has not agreed to SMS, or has said STOP."""

    code = "no_consent"


class NoMobile(Refusal):
    """No number of the person takes SMS."""

    code = "no_mobile"


type Reach = str | SmsOff | NoConsent | NoMobile
"""The number an SMS goes to, E.164, or why it goes to none."""


def reach_of(*, house_key: int, patients: Collection[callers.PatientView]) -> dict[str, Reach]:
    """By patient (id) the number an SMS to him goes to, or why none. The provider is read once; one query."""
    if usable_provider() is None:
        return {each.id: SmsOff("no provider of SMS") for each in patients}
    mobile = {each.id: [number for number in each.numbers if takes_sms(number)] for each in patients if each.may_sms}
    stops: dict[str, list[datetime]] = defaultdict(list)
    if numbers := {number for those in mobile.values() for number in those}:
        for number, at in SmsStop.objects.for_house(house_key).filter(number__in=numbers).values_list("number", "at"):
            stops[number].append(at)
    return {each.id: _reach(each, mobile.get(each.id, ()), stops) for each in patients}


def _reach(patient: callers.PatientView, mobile: Collection[str], stops: dict[str, list[datetime]]) -> Reach:
    if not patient.may_sms:
        return NoConsent(patient.id)
    if not mobile:
        return NoMobile(patient.id)
    for number in mobile:
        if not _is_stopped(stops.get(number, ()), patient.sms_agreed_at):
            return number
    return NoConsent(patient.id)


def _is_stopped(stops: Iterable[datetime], agreed: datetime | None) -> bool:
    """Whether a STOP holds. Who agreed anew after it wants them again."""
    return any(agreed is None or at >= agreed for at in stops)


def is_stopped(*, house_key: int, client: str, number: str) -> bool:
    """Whether a STOP holds at this number (E.164) for what is sent to it without knowing to which patient of the
    client: no patient of his with that number agreed to SMS since. Two queries.
    """
    stops = list(SmsStop.objects.for_house(house_key).filter(number=number).values_list("at", flat=True))
    return bool(stops) and _is_stopped(stops, callers.agreed_to_sms(client=client, number=number))


def may_reach(*, house_key: int, patient: callers.PatientView) -> str:
    """The number an SMS to this person goes to. Raises SmsOff, NoConsent, NoMobile."""
    found = reach_of(house_key=house_key, patients=[patient])[patient.id]
    if isinstance(found, Refusal):
        raise found
    return found


def takes_sms(number: str) -> bool:
    """Whether SMS go to this number, E.164; False for what is none."""
    try:
        return is_mobile(parse_number(number, country="LU"))
    except NotANumber:
        return False
