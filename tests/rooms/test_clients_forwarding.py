# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the clients' lines come to the house: what is kept, what is refused, and the walls."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.clients import forwarding, operations
from permanence.clients.models import ForwardingCode, Line
from permanence.countries.forwarding import (
    Access,
    ForwardingKind,
    ForwardingMode,
    RecipeMalformed,
    SecondsImpossible,
)
from permanence.foundation.models import AuditEntry, OutboxEvent
from tests.rooms.conftest import NOW

PUBLIC = "+35226000001"
ON = date(2026, 11, 27)


@pytest.fixture
def lines(cast):
    """The first line of Dr Weber's and of the cabinet Dupont's."""
    return {
        "weber": forwarding.lines_of(house=cast.house, client=cast.weber)[0].number,
        "dupont": forwarding.lines_of(house=cast.house, client=cast.dupont)[0].number,
    }


def write(cast, lines, **fields):
    asked = {
        "client": cast.weber,
        "number": lines["weber"],
        "mode": ForwardingMode.ALL,
        "public_number": PUBLIC,
        "by": cast.marc,
        "at": NOW,
    }
    forwarding.set_forwarding(**{**asked, **fields})


def of_weber(cast):
    return forwarding.lines_of(house=cast.house, client=cast.weber)[0]


def test_it_is_kept_noted_and_announced(cast, lines):
    before = OutboxEvent.objects.count()
    write(
        cast,
        lines,
        mode=ForwardingMode.NO_ANSWER,
        public_number="+352 26 00-00.01",
        access=Access.MOBILE,
        operator="post",
        seconds=15,
    )
    line = of_weber(cast)
    assert (line.public_number, line.mode, line.access) == (PUBLIC, ForwardingMode.NO_ANSWER, Access.MOBILE)
    assert (line.operator, line.seconds, line.dialled_by_callers) == ("post", 15, PUBLIC)
    assert OutboxEvent.objects.count() == before + 1
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.client_key, entry.by_name) == ("client.forwarding_set", int(cast.weber), cast.marc.name)


def test_seconds_are_kept_for_the_modes_that_ring_first(cast, lines):
    write(cast, lines, mode=ForwardingMode.ALL, seconds=20)
    assert of_weber(cast).seconds is None


def test_a_direct_line_has_no_other_public_number(cast, lines):
    write(cast, lines)
    write(cast, lines, mode=ForwardingMode.DIRECT, public_number=PUBLIC)
    line = of_weber(cast)
    assert (line.public_number, line.dialled_by_callers) == ("", lines["weber"])


def test_a_number_of_the_house_is_no_public_number(cast, lines):
    for number in lines.values():
        with pytest.raises(forwarding.PublicNumberOurs):
            write(cast, lines, public_number=number)
    assert of_weber(cast).public_number == ""


def test_a_public_number_becomes_no_number_of_the_house(cast, lines):
    write(cast, lines)
    with pytest.raises(operations.LineTaken):
        operations.give_line(client=cast.dupont, number=PUBLIC, by=cast.marc, at=NOW)


def test_a_public_number_is_on_one_line(cast, lines):
    write(cast, lines)
    with pytest.raises(forwarding.PublicNumberTaken):
        write(cast, lines, client=cast.dupont, number=lines["dupont"])
    write(cast, lines, mode=ForwardingMode.HOURS)  # its own line keeps it
    row = Line.objects.get(number=lines["dupont"])
    row.public_number = PUBLIC
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


@pytest.mark.parametrize("number", ["26000001", "+352x", "112", "+0352", "+" + "1" * 20, "sip:a@b", "<b>"])
def test_what_is_no_number_is_refused(cast, lines, number):
    with pytest.raises(operations.NumberMalformed):
        write(cast, lines, public_number=number)


def test_seconds_and_operators_that_cannot_be_are_refused(cast, lines):
    with pytest.raises(SecondsImpossible):
        write(cast, lines, mode=ForwardingMode.NO_ANSWER, seconds=7)
    with pytest.raises(forwarding.ShortNameMalformed):
        write(cast, lines, operator="Post <b>")


def test_the_line_of_another_client_and_of_another_house_is_not_there(cast, lines):
    for client, by in ((cast.dupont, cast.marc), (cast.weber, cast.nadia), ("x", cast.marc), ("9" * 30, cast.marc)):
        with pytest.raises(forwarding.LineUnknown):
            write(cast, lines, client=client, by=by)
    assert forwarding.lines_of(house=cast.other_house, client=cast.weber) == ()
    assert lines["weber"] not in {each.number for each in forwarding.lines_of_house(house=cast.other_house)}


def test_two_houses_may_know_the_same_public_number(cast, lines):
    write(cast, lines)
    other = forwarding.lines_of(house=cast.other_house, client=cast.other_client)[0].number
    forwarding.set_forwarding(
        client=cast.other_client, number=other, mode=ForwardingMode.ALL, public_number=PUBLIC, by=cast.nadia, at=NOW
    )
    assert forwarding.lines_of(house=cast.other_house, client=cast.other_client)[0].public_number == PUBLIC


def own(cast, **fields):
    asked = {
        "country": "lu",
        "operator": "post",
        "access": Access.FIXED,
        "kind": ForwardingKind.ALL,
        "activate": "*70*{number}#",
        "deactivate": "#70#",
        "by": cast.marc,
        "at": NOW,
    }
    forwarding.keep_code(**{**asked, **fields})


def keys(cast, house):
    return forwarding.keys_for(of_weber(cast), house=house, country="LU", on=ON)[0].activate


def test_a_house_corrects_a_code_for_itself_alone(cast, lines):
    write(cast, lines, operator="post")
    national = lines["weber"].removeprefix("+352")
    assert keys(cast, cast.house) == f"*21*{national}#"
    own(cast)
    assert (keys(cast, cast.house), keys(cast, cast.other_house)) == (f"*70*{national}#", f"*21*{national}#")
    own(cast, activate="*71*{number}#")
    assert keys(cast, cast.house) == f"*71*{national}#"
    assert ForwardingCode.objects.count() == 1
    actions = list(AuditEntry.objects.filter(action__startswith="forwarding_code").order_by("pk"))
    assert [entry.action for entry in actions] == ["forwarding_code.added", "forwarding_code.changed"]


def test_a_code_that_calls_somebody_is_refused(cast):
    for activate in ("112", "*21*#", "{number}"):
        with pytest.raises(RecipeMalformed):
            own(cast, activate=activate)
    assert not ForwardingCode.objects.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(text=st.text(max_size=25))
def test_whatever_is_typed_is_kept_in_e164_or_refused(cast, lines, text):
    try:
        write(cast, lines, public_number=text)
    except (operations.NumberMalformed, forwarding.PublicNumberOurs):
        return
    assert of_weber(cast).public_number == "" or of_weber(cast).public_number.startswith("+")
