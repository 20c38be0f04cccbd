# SPDX-License-Identifier: AGPL-3.0-or-later
"""A doctor does not want the red flags as they are: his words reach the house, and neither waits for ever."""

from datetime import timedelta

import pytest

from permanence.clients import script_operations as scripts
from permanence.clients.models import Client, RedFlagRemark, Script
from permanence.clients.remark_operations import RemarkOver, WordsMissing, answer, remark
from permanence.clients.remark_queries import remark_waits, remarks_waiting
from permanence.clients.rules.approvals import REMARK_LIMIT
from permanence.clients.validation_queries import count_unvalidated, flag_lists
from permanence.foundation.rules import Role
from permanence.kernel.system import SystemClock
from tests.rooms.messaging_cast import make_cast, person
from tests.rooms.test_approvals import script_with_flags
from tests.rooms.test_portal_line import signed_in, text_of

pytestmark = pytest.mark.django_db
WORDS = "Dites plutôt « appelez le 15 tout de suite ». <b>Et</b> pas après l’âge."


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def now():
    return SystemClock().now()


@pytest.fixture
def listed(cast, now):
    Client.objects.update(second_approval=False)
    return script_with_flags(cast, now)


def page(cast):
    return f"/portal/line/{cast.cabinet.id}/red-flags"


def form(listed, **changes):
    return {
        "act": "remark",
        "version": str(listed["version"]),
        "red_flags": listed["red_flags"],
        "words": WORDS,
        **changes,
    }


def waits(cast):
    return remark_waits(house=cast.house, client=cast.cabinet.id)


def unvalidated(cast):
    return count_unvalidated(house=cast.house, client=cast.cabinet.id, at=SystemClock().now())


def test_a_remark_reaches_the_house_and_its_answer_the_doctor(cast, listed):
    doctor, owner = (
        signed_in(cast.dr_dupont),
        signed_in(person("olga@centre.example", "Olga", [Role.OWNER], by=cast.marc)),
    )
    address = f"/backstage/scripts/{cast.cabinet.id}/"
    assert unvalidated(cast) == 1
    assert "Not like this" in text_of(doctor.get(page(cast)))
    assert doctor.post(page(cast), form(listed)).status_code == 303
    assert unvalidated(cast) == 0, "it waits for the house, not for him"
    assert WORDS in text_of(doctor.get(page(cast)))
    for place in ("/backstage/", "/backstage/scripts/", address):
        found = owner.get(place).content.decode()
        assert ("remark of a doctor on red flags waits" if place == "/backstage/" else "appelez le 15") in found
        assert "<b>Et" not in found
    key = waits(cast).id
    assert owner.post(address, {"act": "answer", "remark": key, "words": " "}).status_code == 422
    assert owner.post(address, {"act": "answer", "remark": key, "words": "D’accord, au 15."}).status_code == 302
    assert waits(cast) is None
    assert unvalidated(cast) == 1, "the list waits for him again"
    assert "D’accord, au 15." in text_of(doctor.get(page(cast)))
    assert owner.post(address, {"act": "answer", "remark": key, "words": "Encore."}).status_code == 422


def test_another_list_is_written_and_waits_for_the_doctor(cast, listed, now):
    assert signed_in(cast.dr_dupont).post(page(cast), form(listed)).status_code == 303
    text = Script.objects.get(client=int(cast.cabinet.id)).text.replace("Raccrochez", "Raccrochez vite")
    scripts.write_draft(client=cast.cabinet.id, text=text, after=1, by=cast.marc, at=now)
    assert unvalidated(cast) == 1
    (draft, in_force) = flag_lists(house=cast.house, client=cast.cabinet.id, at=SystemClock().now())
    assert (draft.remark, in_force.waits) == (None, False)


def test_he_may_still_validate_the_list_and_then_nobody_waits(cast, listed):
    doctor = signed_in(cast.dr_dupont)
    doctor.post(page(cast), form(listed))
    assert "I validate this list today" in text_of(doctor.get(page(cast)))
    assert doctor.post(page(cast), form(listed, act="", words="")).status_code == 303
    assert (waits(cast), unvalidated(cast)) == (None, 0)
    assert doctor.post(page(cast), form(listed)).status_code == 303
    assert waits(cast).words == WORDS, "a list in force is remarked too"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"words": " \n"}, 422),
        ({"words": "x" * (REMARK_LIMIT + 1)}, 422),
        ({"red_flags": "[]"}, 422),
        ({"version": "99"}, 422),
        ({"version": "9" * 30}, 422),
    ],
)
def test_what_says_nothing_or_is_about_another_list_is_not_kept(cast, listed, changes, status):
    assert signed_in(cast.dr_dupont).post(page(cast), form(listed, **changes)).status_code == status
    assert not RedFlagRemark.objects.exists()


def test_an_assistant_a_stranger_and_a_supervisor_do_neither(cast, listed, now):
    assert signed_in(cast.assistant).post(page(cast), form(listed)).status_code == 403
    for stranger in (cast.dr_weber, cast.other_doctor):
        assert signed_in(stranger).post(page(cast), form(listed)).status_code == 404
    assert not RedFlagRemark.objects.exists()
    key = remark(
        client=cast.cabinet.id, version=1, red_flags=listed["red_flags"], doctor=listed["doctor"],
        words="Non.", by=cast.dr_dupont, at=now,
    )  # fmt: skip
    with pytest.raises(RemarkOver):
        answer(client=cast.weber.id, remark=key, words="Oui.", by=cast.marc, at=now)
    with pytest.raises(WordsMissing):
        answer(client=cast.cabinet.id, remark=key, words="", by=cast.marc, at=now)
    assert remarks_waiting(house=cast.house, only=frozenset({cast.weber.id})) == ()
    assert [each.id for each in remarks_waiting(house=cast.house)] == [key]
    assert remarks_waiting(house="nobody") == ()
    answer(client=cast.cabinet.id, remark=key, words="Oui.", by=cast.marc, at=now + timedelta(hours=1))
    assert remarks_waiting(house=cast.house) == ()
