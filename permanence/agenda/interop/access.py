# SPDX-License-Identifier: AGPL-3.0-or-later
"""What opens a calendar of another product: kept sealed, and its login changed without losing what stands there."""

import json
from datetime import datetime

from django.db import transaction

from permanence.agenda.interop.backends import Access
from permanence.agenda.models import OtherCalendar
from permanence.agenda.operations.acts import reach
from permanence.agenda.refusals import CalendarUnknown, SettingImpossible
from permanence.foundation import audit, secrecy
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy

PURPOSE = "agenda.other_calendar"
SECRET_LIMIT = 200


def check_login(access: Access) -> None:
    """Raises SettingImpossible for a user or a password that cannot be one."""
    for secret in (access.user, access.password):
        if len(secret) > SECRET_LIMIT or not secret.isprintable():
            raise SettingImpossible("a user or a password that cannot be one")


def sealed(access: Access, *, house: str, entropy: Entropy) -> str:
    """What is kept of it."""
    text = json.dumps({"address": access.address, "user": access.user, "password": access.password})
    return secrecy.seal(text, house=house, purpose=PURPOSE, entropy=entropy)


def opened(row: OtherCalendar) -> Access:
    """How the calendar (its house loaded) is reached. Raises SealBroken."""
    return Access(**json.loads(secrecy.unseal(row.access, house=row.house.slug, purpose=PURPOSE)))


@transaction.atomic
def change_login(
    *, agenda: str, calendar: str, user: str, password: str, by: Who, at: datetime, entropy: Entropy
) -> None:
    """The same calendar by another login, looked at whole at once; what was written there is known still. `user`: "" as
    it was.

    Raises AgendaUnknown, CalendarUnknown, SettingImpossible, SealBroken.
    """
    row = reach(agenda, by=by)
    rows = OtherCalendar.objects.filter(agenda=row, pk=row_key(calendar), removed_at=None)
    found = rows.select_related("house").select_for_update(of=("self",)).first()
    if found is None:
        raise CalendarUnknown(calendar[:40])
    kept = opened(found)
    access = Access(address=kept.address, user=user or kept.user, password=password)
    check_login(access)
    if not password:
        raise SettingImpossible("no password")
    OtherCalendar.objects.filter(pk=found.pk).update(
        access=sealed(access, house=found.house.slug, entropy=entropy),
        turn=found.turn + 1,  # a look that is under way with the login of before says nothing any more
        next_at=at,
        failures=0,
        etag="",
        modified="",
        digest="",
    )
    note("agenda.calendar_login", found, by=by, at=at)


def note(action: str, row: OtherCalendar, *, by: Who, at: datetime, **more: str) -> None:
    """What was done with a calendar, for the trail; never what opens it."""
    detail = {"label": row.label, "kind": row.kind, "host": row.host, **more}
    subject = f"agenda.othercalendar:{row.pk}"
    audit.note(by=by, at=at, action=action, subject=subject, client=row.client_id, detail=detail)
