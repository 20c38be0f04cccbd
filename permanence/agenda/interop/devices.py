# SPDX-License-Identifier: AGPL-3.0-or-later
"""Passwords for telephones and programs: made by a client's person for himself, shown once, revoked one by one."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from permanence.agenda.interop.chosen import choose, choose_anew
from permanence.agenda.interop.feeds import digest_of, new_secret
from permanence.agenda.interop.for_others import acting_for
from permanence.agenda.interop.owners import own_agendas
from permanence.agenda.models import CalendarDevice
from permanence.agenda.queries.agendas import clients_seen
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.refusals import AgendaUnknown, DeviceUnknown, TooManyFeeds
from permanence.foundation import audit
from permanence.foundation.keys import row_key
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who, who_is
from permanence.kernel.clock import Entropy

MOST = 10
"""Devices of one person at one client that are good at a time."""
LOGIN_LIMIT = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView:
    """A device that is good, without its password. `owner`: whose, by name."""

    id: str
    label: str
    names: bool
    homes: bool
    owner: str
    made_by_name: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Who asks with a device's password, when, and which agendas are his: at least one. `names`: he is told names;
    `homes`: and where visits at home are.
    """

    by: Who
    at: datetime
    device: str
    names: bool
    homes: bool
    agendas: tuple[AgendaView, ...]

    @property
    def principal(self) -> str:
        """His name in addresses: no e-mail stands in them."""
        return self.by.person

    def agenda(self, key: str) -> AgendaView | None:
        """One of his own agendas."""
        return next((each for each in self.agendas if each.id == key), None)


@transaction.atomic
def make_device(
    *,
    client: str,
    label: str,
    names: bool,
    by: Who,
    at: datetime,
    entropy: Entropy,
    person: str = "",
    homes: bool = False,
) -> tuple[DeviceView, str]:
    """A password for one device of `by`, or of the client's `person` who asks the house for it; gives it this once.

    An agenda of that client is his own. `names`: he is told patients' names; `homes`: with them the addresses of visits
    at home; he alone chooses that. Raises AgendaUnknown, TooManyFeeds, and those of `chosen.choose`.
    """
    owner = acting_for(person, client=client, by=by)
    if owner.person_key is None:
        raise AgendaUnknown(client[:40])
    chosen = choose(label=label, names=names, homes=homes, by=by)
    rows = CalendarDevice.objects.for_house(by.house_key).filter(person=owner.person_key, client=row_key(client))
    if rows.filter(revoked_at=None).count() >= MOST:
        raise TooManyFeeds(str(MOST))
    secret = new_secret(entropy)
    made = CalendarDevice.objects.create(
        house_id=by.house_key,
        client_id=row_key(client),
        person_id=owner.person_key,
        digest=digest_of(secret),
        label=chosen.label,
        names=chosen.names,
        homes=chosen.homes,
        made_by_name=by.name,
        made_at=at,
    )
    _note("agenda.device_made", made, by=by, at=at)
    return _view(made), secret


@transaction.atomic
def name_in_device(*, client: str, device: str, names: bool, by: Who, at: datetime, homes: bool = False) -> None:
    """Patients' names are told to one of the person's own devices from now on, with `homes` the addresses of visits at
    home too, or no more. Raises DeviceUnknown.
    """
    own = CalendarDevice.objects.for_house(by.house_key).filter(person=by.person_key, client=row_key(client))
    found = None if by.of_house else own.filter(pk=row_key(device), revoked_at=None).first()
    if found is None:
        raise DeviceUnknown(device[:40])
    if choose_anew(found, names=names, homes=homes):
        _note("agenda.device_names", found, by=by, at=at)


@transaction.atomic
def revoke_device(*, client: str, device: str, by: Who, at: datetime) -> None:
    """The password opens nothing any more: the person's own, and any of its client for the house. DeviceUnknown."""
    rows = CalendarDevice.objects.for_house(by.house_key).filter(client__in=clients_seen(by, [row_key(client)]))
    rows = rows if by.of_house else rows.filter(person=by.person_key)
    found = rows.filter(pk=row_key(device), revoked_at=None).first()
    if found is None:
        raise DeviceUnknown(device[:40])
    CalendarDevice.objects.filter(pk=found.pk).update(revoked_at=at)
    _note("agenda.device_revoked", found, by=by, at=at)


def devices(*, client: str, by: Who) -> tuple[DeviceView, ...]:
    """The person's own devices at a client, the oldest first."""
    rows = CalendarDevice.objects.for_house(by.house_key).filter(person=by.person_key, client=row_key(client))
    return _views(rows)


def every_device(*, client: str, by: Who) -> tuple[DeviceView, ...]:
    """All devices at a client, for the house: by person, the oldest first; () for a client whom `by` does not see."""
    if not (by.of_house and by.may_see(client)):
        return ()
    return _views(CalendarDevice.objects.for_house(by.house_key).filter(client=row_key(client)))


def sign_in(*, login: str, password: str, at: datetime) -> Session:
    """Who comes with an e-mail address and a device's password. Five queries.

    Raises DeviceUnknown: also when it was revoked, when the person may not sign in or no agenda is his own any more.
    """
    if not login or not password or len(login) > LOGIN_LIMIT or len(password) > LOGIN_LIMIT:
        raise DeviceUnknown("")
    rows = CalendarDevice.objects.select_related("person__house")
    found = rows.filter(digest=digest_of(password.strip().lower()), revoked_at=None).first()
    if found is None or found.person.email.lower() != login.strip().lower():
        raise DeviceUnknown("")
    if not found.person.is_active or not found.person.is_portal_user:
        raise DeviceUnknown("")
    by = who_is(found.person)
    mine = own_agendas(client=str(found.client_id), by=by)
    if not mine:
        raise DeviceUnknown("")
    told = {"names": found.names, "homes": found.homes}
    return Session(by=by, at=at, device=str(found.pk), agendas=mine, **told)


def _note(action: str, row: CalendarDevice, *, by: Who, at: datetime) -> None:
    detail = {"label": row.label, "names": row.names, "homes": row.homes}
    subject = f"agenda.calendardevice:{row.pk}"
    audit.note(by=by, at=at, action=action, subject=subject, client=row.client_id, detail=detail)


def _views(rows: ClientQuerySet[CalendarDevice]) -> tuple[DeviceView, ...]:
    good = rows.filter(revoked_at=None).select_related("person").order_by("person__name", "made_at", "pk")
    return tuple(_view(row) for row in good)


def _view(row: CalendarDevice) -> DeviceView:
    return DeviceView(
        id=str(row.pk),
        label=row.label,
        names=row.names,
        homes=row.homes,
        owner=row.person.name,
        made_by_name=row.made_by_name,
        made_at=row.made_at,
    )
