# SPDX-License-Identifier: AGPL-3.0-or-later
"""How often one may choose a time: many patients behind one address are not one robot, and a robot is still stopped."""

from datetime import timedelta

import pytest

from permanence.agenda.models import Appointment, PublicKnock
from permanence.agenda.operations.knocks import knock
from permanence.agenda.refusals import TooManyKnocks
from permanence.agenda.rules.public import Knock
from tests.rooms.messaging_cast import NOON
from tests.rooms.public_cast import Visitor, cast, clock, jeanne

__all__ = ["cast", "clock", "jeanne"]


def test_patients_of_one_carrier_choose_twice_book_and_shut_nobody_out(cast, clock):
    for number in range(16):
        someone, minutes = Visitor(cast, clock), number % 8 * 20 + 1440 * (number // 8)
        assert someone.take(minutes + 20).status_code == 303
        key = someone.answer["Location"].rsplit("/", 1)[-1]
        assert someone.take(minutes, instead=key).status_code == 303
        him = {"last_name": f"Hoff{chr(97 + number)}", "number": f"06 12 34 57 {number:02d}"}
        assert someone.tell(mail=f"p{number}@example.org", **him).status_code == 303
        assert someone.code().status_code == 303
        clock.forward(minutes=11)
    assert Appointment.objects.count() == 16
    assert not PublicKnock.objects.filter(what=Knock.HOLD).exists()
    assert Visitor(cast, clock).take(1440 * 2).status_code == 303


def test_a_robot_that_only_holds_is_stopped_at_the_days_limit(jeanne, clock):
    for _ in range(30):
        assert jeanne.take().status_code == 303
        clock.forward(minutes=11)
    assert jeanne.take().status_code == 429


@pytest.mark.parametrize(("others", "is_heard"), [(30, True), (299, True), (300, False)])
def test_what_is_held_on_other_pages_counts_with_a_wider_bound(cast, others, is_heard):
    told = {"what": Knock.HOLD, "who": "203.0.113.7", "house": cast.claire.house_key}
    knock(client=int(cast.cabinet.id), at=NOON, **told)
    digest = PublicKnock.objects.get().digest
    PublicKnock.objects.all().delete()
    here, there = int(cast.cabinet.id), int(cast.weber.id)
    row = {"house_id": cast.claire.house_key, "what": "hold", "digest": digest, "at": NOON - timedelta(hours=1)}
    PublicKnock.objects.bulk_create(PublicKnock(client_id=there, **row) for _ in range(others))
    if is_heard:
        knock(client=here, at=NOON, **told)
    else:
        with pytest.raises(TooManyKnocks):
            knock(client=here, at=NOON, **told)
    with pytest.raises(TooManyKnocks):
        knock(client=there, at=NOON, **told)
