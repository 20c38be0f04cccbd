# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts in external agendas: recorded once, corrected the same day, undone, counted, seen by whom they concern alone."""

from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.http import Http404

from permanence.agenda import elsewhere_operations as operations
from permanence.agenda import elsewhere_queries as queries
from permanence.agenda.models import BookedElsewhere
from permanence.agenda.rules import elsewhere as rules
from permanence.agenda.rules.elsewhere import ActElsewhere, ElsewhereForm
from permanence.calls.models import Call
from permanence.clients import external_agendas
from permanence.clients import queries as clients
from permanence.clients.agenda_queries import agenda_for
from permanence.clients.models import ExternalAgenda, Recipient
from permanence.clients.rules.agenda_links import LinkUnfit
from permanence.foundation.models import AuditEntry, House, OutboxEvent
from permanence.switchboard.queries import client_slice
from tests.rooms.conftest import NOW

ZONE = ZoneInfo("Europe/Luxembourg")
CALLER = "+352621000147"


def form(cast, name="Dr Weber", **changes) -> ElsewhereForm:
    given = {
        "key": "k" * 26,
        "recipient": cast.recipients[name],
        "act": "booked",
        "day": "2026-12-03",
        "hour": "14:30",
        "patient_name": "Jeanne Hoffmann",
        "caller_number": "621 000 147",
    }
    return ElsewhereForm(**{**given, **changes})


def record(cast, *, client=None, call="call-1", by=None, at=NOW, **changes):
    return operations.record_act(
        client_id=client or cast.weber, call=call, by=by or cast.claire, at=at, form=form(cast, **changes)
    )


def called(cast, call="call-1", client=None, **fields):
    house = House.objects.get(slug=cast.house)
    return Call.objects.create(
        house=house, client_id=int(client or cast.weber), call=call, arrived_at=NOW, caller=CALLER, **fields
    )


def announced():
    return [each.name for each in OutboxEvent.objects.filter(name__contains="lsewhere").order_by("pk")]


def portal(cast, person, at, house=None):
    access = clients.portal_access(house=house or cast.house, person=person.person)
    return queries.acts_for_person(house=house or cast.house, access=access, at=at)


def outcome(call="call-1"):
    return Call.objects.get(call=call).outcome


def test_what_was_booked_is_kept_with_the_agenda_it_was_booked_in(cast):
    external_agendas.put_agenda(
        client=cast.weber,
        recipient=cast.recipients["Dr Weber"],
        product="Doctena",
        link="https://www.doctena.lu/w",
        by=cast.marc,
        at=NOW,
    )
    row = record(cast)
    assert (row.act, row.day, row.hour) == (ActElsewhere.BOOKED, date(2026, 12, 3), time(14, 30))
    assert (row.product, row.host, row.recipient_name) == ("Doctena", "www.doctena.lu", "Dr Weber")
    assert (row.recorded_by_name, row.recorded_at, row.client) == (cast.claire.name, NOW, cast.weber)
    assert BookedElsewhere.objects.get().caller_number == CALLER
    entry = AuditEntry.objects.get(action="agenda.recorded_elsewhere")
    assert entry.client_key == int(cast.weber)
    assert "Hoffmann" not in str(entry.detail)


def test_the_same_id_again_gives_the_first_one_and_announces_nothing(cast):
    first = record(cast)
    assert record(cast, at=NOW + timedelta(minutes=5)) == first
    assert BookedElsewhere.objects.count() == 1
    assert announced() == ["AppointmentBookedElsewhere"]


def test_an_id_that_says_something_else_is_refused_but_a_replay_after_a_correction_is_not(cast):
    record(cast)
    with pytest.raises(operations.ActIdTaken):
        record(cast, act="moved")
    operations.correct_act(by=cast.claire, at=NOW, form=form(cast, act="moved"))
    assert record(cast).act is ActElsewhere.MOVED
    with pytest.raises(operations.ActIdTaken):
        record(cast, client=cast.dupont, name="Dr Anne Dupont")


def test_nobody_of_another_client_and_nobody_who_left_can_be_named(cast):
    with pytest.raises(operations.NoSuchRecipient):
        record(cast, name="Dr Anne Dupont")
    with pytest.raises(operations.NoSuchRecipient):
        record(cast, recipient="Dr Weber")
    Recipient.objects.filter(pk=cast.recipients["Dr Weber"]).update(active=False)
    with pytest.raises(operations.NoSuchRecipient):
        record(cast)
    assert BookedElsewhere.objects.count() == 0


def test_a_call_of_one_client_takes_no_act_for_another(cast):
    called(cast)
    with pytest.raises(operations.ActOfAnotherClient):
        record(cast, client=cast.dupont, name="Dr Anne Dupont")
    record(cast, call="unrecorded")
    with pytest.raises(operations.ActOfAnotherClient):
        record(cast, client=cast.dupont, name="Dr Anne Dupont", call="unrecorded", key="z" * 26)


def test_another_house_has_neither_the_client_nor_the_act(cast):
    with pytest.raises(operations.NoSuchClient):
        record(cast, by=cast.nadia)
    record(cast)
    with pytest.raises(operations.NoSuchAct):
        operations.undo_act(key="k" * 26, by=cast.nadia, at=NOW)
    with pytest.raises(operations.NoSuchAct):
        operations.correct_act(by=cast.nadia, at=NOW, form=form(cast))
    assert queries.act(house=cast.other_house, key="k" * 26) is None
    assert queries.todays_acts(house=cast.other_house, at=NOW, zone=ZONE) == ()


def test_who_does_not_answer_for_the_client_finds_no_act_of_his(cast):
    record(cast)
    only_dupont = replace(cast.claire, clients=frozenset({cast.dupont}))
    with pytest.raises(Http404):
        operations.undo_act(key="k" * 26, by=only_dupont, at=NOW)
    with pytest.raises(Http404):
        operations.correct_act(by=only_dupont, at=NOW, form=form(cast))
    assert queries.todays_acts(house=cast.house, at=NOW, zone=ZONE, only=only_dupont.clients) == ()


def test_the_call_ends_in_the_appointment_until_she_says_otherwise(cast, deliver_all):
    called(cast)
    record(cast)
    deliver_all(NOW)
    assert outcome() == "appointment_booked"
    operations.correct_act(by=cast.claire, at=NOW, form=form(cast, act="cancelled"))
    deliver_all(NOW)
    assert outcome() == "appointment_cancelled"
    operations.undo_act(key="k" * 26, by=cast.claire, at=NOW)
    deliver_all(NOW)
    assert outcome() == ""
    assert announced() == ["AppointmentBookedElsewhere", "AppointmentBookedElsewhere", "AppointmentElsewhereUndone"]


def test_her_own_word_for_the_call_stands(cast, deliver_all):
    called(cast, outcome="information")
    record(cast)
    operations.undo_act(key="k" * 26, by=cast.claire, at=NOW)
    deliver_all(NOW)
    assert outcome() == "information"


def test_of_two_acts_in_a_call_the_one_that_stands_says_what_became_of_it(cast, deliver_all):
    called(cast)
    record(cast)
    record(cast, key="z" * 26, act="moved", at=NOW + timedelta(minutes=1))
    operations.undo_act(key="z" * 26, by=cast.claire, at=NOW)
    deliver_all(NOW)
    assert outcome() == "appointment_booked"


def test_a_correction_says_who_and_what_without_the_patients_name(cast):
    record(cast)
    later = NOW + timedelta(hours=3)
    row = operations.correct_act(by=cast.aoife, at=later, form=form(cast, hour="15:00", patient_name="Jean Hoffmann"))
    assert (row.hour, row.patient_name, row.corrected_at) == (time(15), "Jean Hoffmann", later)
    entry = AuditEntry.objects.get(action="agenda.corrected_elsewhere")
    assert entry.by_name == cast.aoife.name
    assert (entry.detail["from"]["hour"], entry.detail["to"]["hour"]) == ("14:30:00", "15:00:00")
    assert entry.detail["patient_changed"]
    assert "Hoffmann" not in str(entry.detail)


def test_a_correction_that_changes_nothing_is_none(cast):
    record(cast)
    assert operations.correct_act(by=cast.aoife, at=NOW, form=form(cast)).corrected_at is None
    assert len(announced()) == 1


def test_the_next_day_what_was_counted_stays(cast):
    record(cast)
    tomorrow = NOW + timedelta(hours=10)  # 00:15 in Luxembourg
    with pytest.raises(rules.TooLateToCorrect):
        operations.correct_act(by=cast.claire, at=tomorrow, form=form(cast, act="moved"))
    with pytest.raises(rules.TooLateToCorrect):
        operations.undo_act(key="k" * 26, by=cast.claire, at=tomorrow)
    assert queries.todays_acts(house=cast.house, at=tomorrow, zone=ZONE) == ()


def test_what_was_undone_is_gone_from_every_list_and_stays_undone(cast):
    called(cast)
    record(cast)
    operations.undo_act(key="k" * 26, by=cast.claire, at=NOW)
    assert operations.undo_act(key="k" * 26, by=cast.claire, at=NOW).undone_at == NOW
    with pytest.raises(operations.ActUndone):
        operations.correct_act(by=cast.claire, at=NOW, form=form(cast))
    assert record(cast).undone_at == NOW  # a late copy of the first request does not bring it back
    later = NOW + timedelta(minutes=1)
    assert queries.todays_acts(house=cast.house, at=NOW, zone=ZONE) == ()
    assert queries.earlier_acts(house=cast.house, client=cast.weber, number=CALLER, before=later) == ()
    assert queries.acts_of_calls(house=cast.house, calls=["call-1"]) == {}
    assert portal(cast, cast.dr_weber, later) == ()
    assert queries.counted_acts(house=cast.house, first=NOW.date(), last=NOW.date(), zone=ZONE) == ()


def test_history_and_portal_show_an_act_to_its_client_alone(cast):
    row = record(cast)
    later = NOW + timedelta(minutes=1)
    seen = {"house": cast.house, "before": later}
    assert queries.earlier_acts(client=cast.weber, number=CALLER, **seen) == (row,)
    assert queries.earlier_acts(client=cast.dupont, number=CALLER, **seen) == ()
    assert queries.earlier_acts(client=cast.weber, number="+352621000148", **seen) == ()
    assert portal(cast, cast.dr_weber, later) == (row,)
    for other in (cast.dr_dupont, cast.niamh, cast.claire):
        assert portal(cast, other, later) == ()
    assert portal(cast, cast.dr_weber, later, cast.other_house) == ()


def test_acts_are_counted_by_client_and_kind_in_the_days_of_the_house(cast):
    record(cast)
    record(cast, key="b" * 26)
    record(cast, key="c" * 26, act="cancelled")
    record(cast, key="d" * 26, client=cast.dupont, name="Dr Anne Dupont", call="call-2", act="moved")
    record(cast, key="e" * 26, at=NOW + timedelta(hours=10))
    day = NOW.date()
    counted = queries.counted_acts(house=cast.house, first=day, last=day, zone=ZONE)
    assert {each.client: (each.booked, each.moved, each.cancelled) for each in counted} == {
        cast.weber: (2, 0, 1),
        cast.dupont: (0, 1, 0),
    }
    hers = queries.counted_acts(house=cast.house, first=day, last=day, zone=ZONE, only=frozenset({cast.dupont}))
    assert [each.client for each in hers] == [cast.dupont]
    found = queries.acts_of_month(house=cast.house, client=cast.weber, first=day, last=day, zone=ZONE)
    assert [each.key[0] for each in found["call-1"]] == ["k", "b", "c"]
    assert set(found) == {"call-1"}


def test_the_database_itself_refuses_a_second_row_of_an_id_and_an_hour_without_its_day(cast):
    record(cast)
    row = BookedElsewhere.objects.get()
    for changes in ({}, {"key": "x" * 26, "day": None}, {"key": "y" * 26, "act": "lost"}):
        fields = {name: getattr(row, name) for name in ("house_id", "client_id", "recipient_id", "recorded_by_id")}
        with pytest.raises(IntegrityError), transaction.atomic():
            BookedElsewhere.objects.create(
                **{
                    **fields,
                    "key": row.key,
                    "act": "booked",
                    "day": row.day,
                    "hour": row.hour,
                    "recorded_at": NOW,
                    "recorded_by_name": "Claire",
                    **changes,
                }
            )


def put(cast, client, recipient="", link="https://www.doctolib.fr/d", by=None, **more):
    given = {"product": "Doctolib", "by": by or cast.marc, "at": NOW, **more}
    external_agendas.put_agenda(client=client, recipient=recipient, link=link, **given)


def test_the_agenda_is_in_the_slice_and_the_card_knows_whose_it_is(cast):
    before = client_slice(house="demo", client=cast.weber, version=1, at=NOW)
    own = cast.recipients["Dr Anne Dupont"]
    put(cast, cast.dupont)
    put(cast, cast.dupont, own, "https://app.maiia.com/", product="Maiia", remark="code au portail")
    entry = client_slice(house="demo", client=cast.dupont, version=1, at=NOW)
    assert [(each.recipient, each.product, each.host, each.remark) for each in entry.agendas] == [
        ("", "Doctolib", "www.doctolib.fr", ""),
        (own, "Maiia", "app.maiia.com", "code au portail"),
    ]
    assert client_slice(house="demo", client=cast.weber, version=1, at=NOW) == before
    found = {name: agenda_for(house="demo", client=cast.dupont, recipient=key) for name, key in cast.recipients.items()}
    assert found["Dr Anne Dupont"].product == "Maiia"
    assert found["Dr Marc Lemaire"].product == "Doctolib"
    assert agenda_for(house=cast.other_house, client=cast.dupont, recipient=own) is None


def test_an_agenda_is_changed_in_place_and_removed(cast):
    put(cast, cast.dupont)
    put(cast, cast.dupont, link="https://www.doctolib.fr/neu")
    assert ExternalAgenda.objects.for_client(cast.dupont).get().link.endswith("/neu")
    external_agendas.remove_agenda(client=cast.dupont, recipient="", by=cast.marc, at=NOW)
    with pytest.raises(external_agendas.AgendaUnknown):
        external_agendas.remove_agenda(client=cast.dupont, recipient="", by=cast.marc, at=NOW)


@pytest.mark.parametrize("link", ["http://www.doctolib.fr/", "javascript:alert(1)", "https://a:b@doctolib.fr/"])
def test_a_link_that_may_not_be_opened_is_not_kept_and_if_it_was_not_shown(cast, link):
    with pytest.raises(LinkUnfit):
        put(cast, cast.dupont, link=link)
    with (
        pytest.raises(IntegrityError) if not link.startswith("https://") else transaction.atomic(),
        transaction.atomic(),
    ):
        ExternalAgenda.objects.create(
            house_id=cast.claire.house_key, client_id=int(cast.dupont), product="X", link=link
        )
    assert client_slice(house="demo", client=cast.dupont, version=1, at=NOW).agendas == ()


def test_an_agenda_is_neither_anothers_nor_another_houses(cast):
    with pytest.raises(external_agendas.AgendaUnfit):
        put(cast, cast.dupont, cast.recipients["Dr Weber"])
    with pytest.raises(clients.ClientUnknown):
        put(cast, cast.dupont, by=cast.nadia)
    with pytest.raises(external_agendas.AgendaUnfit):
        put(cast, cast.dupont, product=" ")
