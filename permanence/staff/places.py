# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a secretary works: for the emergency calls of her own seat, which say where help is to come.

The last place she told holds. Each is a row of its own, so that it can be known where she was on a given day.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from permanence.countries.holidays import COUNTRIES
from permanence.foundation import audit
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.staff.models import SeatPlace, Secretary
from permanence.staff.queries import NotASecretary

ADDRESS_LIMIT = 200


class AddressMissing(Refusal):
    """An address has words, and no more than 200 characters."""

    code = "address_missing"


class CountryUnknown(Refusal):
    """The house does not know the emergency numbers of that country."""

    code = "country_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceView:
    """Where a secretary works since a moment."""

    id: str
    address: str
    country: str
    since: datetime


def place_of(*, house: str, person: str) -> PlaceView | None:
    """Where the secretary that a person is works now; None when she has not told. One query."""
    rows = SeatPlace.objects.for_house(house).filter(secretary__person=int(person)).order_by("-pk")
    row = rows.first()
    if row is None:
        return None
    return PlaceView(id=str(row.pk), address=row.address, country=row.country, since=row.since)


@transaction.atomic
def tell_place(*, address: str, country: str, by: Who, at: datetime) -> PlaceView:
    """She works here from now on; the same place again is only confirmed.

    Raises AddressMissing, CountryUnknown, NotASecretary.
    """
    lines = [" ".join(line.split()) for line in address.splitlines()]
    written = "\n".join(line for line in lines if line)
    if not written or len(written) > ADDRESS_LIMIT:
        raise AddressMissing(f"{len(written)} characters")
    if country not in COUNTRIES:
        raise CountryUnknown(country[:8])
    rows = Secretary.objects.for_house(by.house_key).select_for_update()
    secretary = rows.filter(person_id=by.person_key or -1, active=True).first()
    if secretary is None:
        raise NotASecretary(f"person {by.person} is not a secretary of {by.house}")
    held = place_of(house=by.house, person=by.person)
    if held is None or (held.address, held.country) != (written, country):
        SeatPlace.objects.create(house_id=by.house_key, secretary=secretary, address=written, country=country, since=at)
        audit.note(by=by, at=at, action="secretary.place_told", subject=f"staff.secretary:{secretary.pk}")
        held = place_of(house=by.house, person=by.person)
    if held is None:
        raise RuntimeError("the row just written is there")
    return held
