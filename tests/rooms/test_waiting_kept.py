# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the waiting lists held before is as good as what they hold now."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps

from permanence.agenda.models import VisitReason
from tests.rooms.agenda_cast import make_agenda_cast, reason
from tests.rooms.messaging_cast import NOON
from tests.rooms.waiting_cast import person, place, waits

pytestmark = pytest.mark.django_db


def test_who_waited_for_reasons_that_went_before_waits_for_what_is_offered_now():
    cast = make_agenda_cast()
    second, third = (reason(cast.cabinet.id, name, 20, by=cast.claire) for name in ("Contrôle", "Visite"))
    hers, his = waits(cast, person(cast, "Hers")), waits(cast, who := person(cast, "His"))
    his_other = waits(cast, who, reason=third)
    nobodys = waits(cast, person(cast, "Nobodys"), reason=cast.tracing)
    gone = [(cast.consultation, second), (second, third), (cast.tracing, None)]
    for number, (which, instead) in enumerate(gone):
        at = NOON + timedelta(hours=number + 1)
        row = VisitReason.objects.filter(pk=int(which))
        row.update(retired_at=at, replacement=None if instead is None else int(instead))
    migration = import_module("permanence.agenda.migrations.0024_who_waits_for_what_is_offered")
    for _ in range(2):
        migration.wait_for_what_is_offered(apps, None)
        kept = [place(each) for each in (hers, his, his_other, nobodys)]
        assert [each.state for each in kept] == ["waiting", "withdrawn", "waiting", "waiting"]
        assert [str(each.reason_id) for each in kept] == [third, cast.consultation, third, cast.tracing]
        assert kept[1].state_at == NOON + timedelta(hours=1)
