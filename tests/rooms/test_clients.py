# SPDX-License-Identifier: AGPL-3.0-or-later
"""Client accounts: versions of instructions, refusals, and the walls between clients and between houses."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from permanence.clients import operations, queries
from permanence.clients.instructions import InstructionUnknown
from permanence.clients.models import Client, Instruction, Line
from permanence.clients.rules import ClientState, InstructionVersion, Sector, next_colour, stretches
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.kernel.span import Span
from tests.rooms.conftest import NOW

HOUR = timedelta(hours=1)


def version(number, *, written=0, starts=None, ends=None, retired=False, series="1"):
    return InstructionVersion(
        series=series,
        version=number,
        text=f"v{number}",
        author="A",
        written_at=NOW + written * HOUR,
        starts_at=None if starts is None else NOW + starts * HOUR,
        ends_at=None if ends is None else NOW + ends * HOUR,
        priority=0,
        retired=retired,
    )


def spans(*versions):
    def hours(moment):
        return None if moment is None else (moment - NOW) / HOUR

    return [(each.version.version, hours(each.span.starts), hours(each.span.ends)) for each in stretches(versions)]


def test_a_later_version_takes_over_when_it_begins():
    assert spans(version(1), version(2, written=1, starts=5)) == [(1, None, 5), (2, 5, None)]
    assert spans(version(1), version(2, written=1)) == [(1, None, 1), (2, None, None)]
    assert spans(version(1, ends=3), version(2, starts=5)) == [(1, None, 3), (2, 5, None)]


def test_a_retired_version_only_ends_what_was_before():
    assert spans(version(1), version(2, written=2, retired=True)) == [(1, None, 2)]


def test_a_version_replaced_before_it_began_never_holds():
    assert spans(version(1, starts=5), version(2, starts=3)) == [(2, 3, None)]


@given(
    st.lists(st.tuples(st.none() | st.integers(-5, 5), st.none() | st.integers(-5, 5), st.booleans()), max_size=5),
    st.integers(-7, 7),
)
def test_at_any_moment_at_most_one_version_with_a_beginning_holds(rows, hour):
    versions = [
        version(number, written=number, starts=starts, ends=ends, retired=retired)
        for number, (starts, ends, retired) in enumerate(rows, start=1)
        if starts is None or ends is None or starts <= ends
    ]
    at = NOW + hour * HOUR
    holding = [each for each in stretches(versions) if each.version.starts_at is not None and at in each.span]
    assert len(holding) <= 1
    for each in stretches(versions):
        assert each.span.ends is None or each.version.ends_at is None or each.span.ends <= each.version.ends_at


def test_colours_are_spread():
    assert next_colour([]) == 1
    assert next_colour([1, 2, 3, 4, 5, 6, 7]) == 8
    assert next_colour([1, 2, 3, 4, 5, 6, 7, 8, 1]) == 2


def held(cast, client, at):
    return {entry.text: entry for entry in queries.client_file(house=cast.house, client=client, at=at).instructions}


def write(cast, text="Absente de 14 h à 16 h", **fields):
    return operations.write_instruction(
        client=cast.weber, text=text, author=cast.dr_weber.person, by=cast.dr_weber, at=NOW, **fields
    )


def test_a_revision_is_a_new_row_and_keeps_the_instructions_id(cast):
    key = write(cast)
    later = NOW + HOUR
    number = operations.revise_instruction(
        client=cast.weber,
        instruction=key,
        text="Absente jusqu’à 17 h",
        author=cast.dr_weber.person,
        by=cast.marc,
        at=later,
    )
    rows = Instruction.objects.filter(pk=key) | Instruction.objects.filter(root=key)
    assert [(row.version, row.text) for row in rows.order_by("version")] == [
        (1, "Absente de 14 h à 16 h"),
        (number, "Absente jusqu’à 17 h"),
    ]
    entry = held(cast, cast.weber, later + HOUR)["Absente jusqu’à 17 h"]
    assert (entry.id, entry.version, entry.author) == (key, 2, "Dr Weber")
    assert "Absente de 14 h à 16 h" not in held(cast, cast.weber, later + HOUR)


def test_a_version_for_tomorrow_leaves_todays_in_force_until_then(cast):
    key = write(cast)
    tomorrow = NOW + timedelta(days=1)
    operations.revise_instruction(
        client=cast.weber,
        instruction=key,
        text="Demain",
        author=cast.dr_weber.person,
        starts_at=tomorrow,
        by=cast.marc,
        at=NOW,
    )
    entries = held(cast, cast.weber, NOW)
    assert Span(entries["Absente de 14 h à 16 h"].starts, entries["Absente de 14 h à 16 h"].ends) == Span(
        None, tomorrow
    )
    assert entries["Demain"].starts == tomorrow
    assert set(held(cast, cast.weber, tomorrow)) & {"Absente de 14 h à 16 h", "Demain"} == {"Demain"}


def test_a_retired_instruction_is_gone_and_cannot_be_revised(cast):
    key = write(cast)
    operations.retire_instruction(
        client=cast.weber, instruction=key, author=cast.dr_weber.person, by=cast.dr_weber, at=NOW + HOUR
    )
    assert "Absente de 14 h à 16 h" not in held(cast, cast.weber, NOW + 2 * HOUR)
    with pytest.raises(InstructionUnknown):
        operations.revise_instruction(
            client=cast.weber, instruction=key, text="x", author=cast.dr_weber.person, by=cast.marc, at=NOW
        )


def test_an_instruction_of_another_client_is_unknown(cast):
    key = write(cast)
    with pytest.raises(InstructionUnknown):
        operations.revise_instruction(
            client=cast.dupont, instruction=key, text="x", author=cast.dr_dupont.person, by=cast.marc, at=NOW
        )


def test_every_act_is_announced_and_noted(cast):
    before = OutboxEvent.objects.count(), AuditEntry.objects.count()
    operations.set_greeting(client=cast.weber, language="fr", text="Bonjour.", by=cast.marc, at=NOW)
    event, entry = OutboxEvent.objects.latest("pk"), AuditEntry.objects.latest("pk")
    assert (OutboxEvent.objects.count(), AuditEntry.objects.count()) == (before[0] + 1, before[1] + 1)
    assert (event.name, event.body["client"]) == ("ClientChanged", cast.weber)
    assert (entry.action, entry.by_name, entry.client_key) == ("client.greeting_set", "Marc", int(cast.weber))


def test_a_number_belongs_to_one_client_of_all_houses(cast):
    with pytest.raises(operations.LineTaken):
        operations.give_line(client=cast.other_client, number="+352 20 00 01 01", by=cast.nadia, at=NOW)
    with pytest.raises(operations.NumberMalformed):
        operations.give_line(client=cast.weber, number="20000102", by=cast.marc, at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Line.objects.create(house_id=cast.nadia.house_key, client_id=int(cast.other_client), number="+35220000101")


def test_health_clients_have_voice_messages_only_with_consent(cast):
    for agreed, contact in ((None, "Dr Klein"), (date(2026, 1, 1), " ")):
        with pytest.raises(operations.ConsentMissing):
            operations.agree_to_voice_messages(
                client=cast.dupont, agreed=agreed, duty_contact=contact, by=cast.marc, at=NOW
            )
    with pytest.raises(IntegrityError), transaction.atomic():
        Client.objects.filter(pk=cast.dupont).update(voice_message=True)
    operations.agree_to_voice_messages(client=cast.atlas, agreed=None, duty_contact="", by=cast.marc, at=NOW)
    assert queries.client_file(house=cast.house, client=cast.atlas, at=NOW).voice_message


def test_dupont_never_sees_webers(cast):
    assert queries.clients_visible_to(cast.dr_dupont) == {cast.dupont}
    assert queries.clients_visible_to(cast.dr_weber) == {cast.weber}
    assert [access.client.name for access in queries.portal_access(house="demo", person=cast.dr_dupont.person)] == [
        "Cabinet Dupont"
    ]
    assert {access.name for access in queries.portal_users(house="demo", client=cast.dupont)} == {
        "Dr Anne Dupont",
        "Dr Marc Lemaire",
    }
    with pytest.raises(queries.RecipientUnknown):
        queries.recipient(house="demo", client=cast.dupont, recipient=cast.recipients["Dr Weber"])


def test_the_second_house_sees_nothing_of_the_first(cast):
    assert queries.clients_visible_to(cast.nadia) == {cast.other_client}
    assert [client.name for client in queries.clients(house="nadia")] == ["Dr Weber"]
    assert queries.lines(house="nadia") == {"+33199009999": cast.other_client}
    for read in (
        lambda: queries.client(house="nadia", client=cast.weber),
        lambda: queries.client_file(house="nadia", client=cast.weber, at=NOW),
        lambda: queries.recipient(house="nadia", client=cast.weber, recipient=cast.recipients["Dr Weber"]),
    ):
        with pytest.raises((queries.ClientUnknown, queries.RecipientUnknown)):
            read()
    assert queries.recipients(house="nadia", client=cast.weber) == ()
    assert queries.reasons(house="nadia", client=cast.weber) == ()
    assert queries.portal_access(house="nadia", person=cast.dr_weber.person) == ()
    assert queries.portal_users(house="nadia", client=cast.weber) == ()


@pytest.mark.parametrize(
    "act",
    [
        lambda cast, **by: operations.set_state(client=cast.weber, state=ClientState.ENDED, **by),
        lambda cast, **by: operations.give_line(client=cast.weber, number="+35220000199", **by),
        lambda cast, **by: operations.set_hours(client=cast.weber, week=(), **by),
        lambda cast, **by: operations.set_greeting(client=cast.weber, language="fr", text="x", **by),
        lambda cast, **by: operations.write_instruction(client=cast.weber, text="x", author=cast.nadia.person, **by),
        lambda cast, **by: operations.add_reason(client=cast.weber, code="x", label="x", **by),
        lambda cast, **by: operations.add_exception(client=cast.weber, day=date(2026, 12, 24), **by),
        lambda cast, **by: operations.add_portal_user(
            client=cast.weber, person=cast.nadia.person, recipient=None, **by
        ),
    ],
)
def test_the_second_house_changes_nothing_of_the_first(cast, act):
    before = OutboxEvent.objects.count()
    with pytest.raises(queries.ClientUnknown):
        act(cast, by=cast.nadia, at=NOW)
    assert OutboxEvent.objects.count() == before


def test_a_portal_user_is_a_recipient_of_his_own_client(cast):
    with pytest.raises(queries.RecipientUnknown):
        operations.add_portal_user(
            client=cast.dupont,
            person=cast.dr_weber.person,
            recipient=cast.recipients["Dr Weber"],
            by=cast.marc,
            at=NOW,
        )


@pytest.mark.parametrize("strange", ["", "x", "-1", "٣", "1 OR 1=1", "9" * 30])
def test_a_strange_id_is_an_unknown_client(cast, strange):
    with pytest.raises(queries.ClientUnknown):
        queries.client(house="demo", client=strange)


def test_queries_do_not_grow_with_the_file_of_a_client(cast, django_assert_num_queries):
    with django_assert_num_queries(14):
        queries.client_file(house="demo", client=cast.weber, at=NOW)
    for number in range(20):
        write(cast, text=f"Consigne {number}")
        operations.add_reason(client=cast.weber, code=f"r{number}", label="x", by=cast.marc, at=NOW)
    with django_assert_num_queries(14):
        queries.client_file(house="demo", client=cast.weber, at=NOW)
    with django_assert_num_queries(1):
        queries.clients(house="demo")
    with django_assert_num_queries(1):
        queries.portal_access(house="demo", person=cast.dr_dupont.person)


def test_an_ended_client_leaves_the_lists_and_the_portal(cast):
    operations.set_state(client=cast.weber, state=ClientState.ENDED, by=cast.marc, at=NOW)
    assert "Dr Weber" not in {client.name for client in queries.clients(house="demo")}
    assert queries.portal_access(house="demo", person=cast.dr_weber.person) == ()
    assert queries.client(house="demo", client=cast.weber).state == "ended"


def test_weber_is_a_health_client_and_atlas_is_not(cast):
    assert queries.client(house="demo", client=cast.weber).health
    assert queries.client(house="demo", client=cast.atlas).sector == Sector.AFTER_SALES
