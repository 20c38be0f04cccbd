# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is said to callers, as the client accounts keep it: rules for greetings, and absences."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from permanence.clients import absences, greetings, operations, queries
from permanence.clients.models import Absence, Greeting
from permanence.clients.rules.spoken import GreetingWhen
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.kernel.refusals import Refusal
from permanence.reception.greeting import CHOSEN, HOLIDAY, SATURDAY, SUNDAY
from permanence.switchboard.queries import client_slice
from tests.rooms.conftest import NOW

HOUR = timedelta(hours=1)
LUNCH = GreetingWhen(day_type="weekday", opens="12:00", until="14:00")


def entries(cast, client):
    return queries.client_file(house=cast.house, client=client, at=NOW).greetings


def greet(cast, text="Bonjour.", when=None, *, client=None, language="fr"):
    more = {} if when is None else {"when": when}
    operations.set_greeting(client=client or cast.weber, language=language, text=text, by=cast.marc, at=NOW, **more)


def test_a_phrase_for_some_moments_stands_beside_the_usual_one(cast):
    before = entries(cast, cast.weber)
    greet(cast, "Bon appétit.", LUNCH)
    new = entries(cast, cast.weber)[-1]
    assert entries(cast, cast.weber)[:-1] == before
    assert (new.text, new.day_type, new.opens, new.until, new.line) == ("Bon appétit.", "weekday", "12:00", "14:00", "")
    greet(cast, "Le cabinet déjeune.", LUNCH)
    assert [each.text for each in entries(cast, cast.weber)[len(before) :]] == ["Le cabinet déjeune."]


def test_the_usual_phrase_is_replaced_as_ever(cast):
    greet(cast, "Bonjour.")
    assert [each.text for each in entries(cast, cast.weber) if each.language == "fr"] == ["Bonjour."]


def test_a_phrase_of_a_line_and_of_chosen_days_reaches_the_table(cast):
    line = queries.client_file(house=cast.house, client=cast.weber, at=NOW).lines[0]
    greet(cast, "Urgences.", GreetingWhen(line=line, day_type=CHOSEN, weekdays=(4, 2, 2)))
    new = client_slice(house=cast.house, client=cast.weber, version=1, at=NOW).greetings[-1]
    assert (new.line, new.day_type, new.weekdays) == (line, CHOSEN, (2, 4))


@pytest.mark.parametrize(
    "when",
    [
        GreetingWhen(day_type="someday"),
        GreetingWhen(day_type=CHOSEN),
        GreetingWhen(day_type=SUNDAY, weekdays=(1,)),
        GreetingWhen(day_type=CHOSEN, weekdays=(7,)),
        GreetingWhen(opens="08:00"),
        GreetingWhen(opens="08:00", until="08:00"),
        GreetingWhen(opens="24:00", until="08:00"),
        GreetingWhen(opens="8h", until="12h"),
        GreetingWhen(opens="25:00", until="26:00"),
    ],
)
def test_days_and_hours_that_cannot_be_are_refused_and_nothing_is_saved(cast, when):
    rows = Greeting.objects.count()
    with pytest.raises(greetings.GreetingImpossible):
        greet(cast, "x", when)
    assert Greeting.objects.count() == rows


def test_a_tie_is_refused_and_names_the_other(cast):
    greet(cast, "Samedi.", GreetingWhen(day_type=SATURDAY))
    with pytest.raises(greetings.GreetingTie) as tie:
        greet(cast, "Week-end.", GreetingWhen(day_type=CHOSEN, weekdays=(5,)))
    assert tie.value.why == "Samedi."
    greet(cast, "Wochenende.", GreetingWhen(day_type=CHOSEN, weekdays=(5,)), language="de")
    greet(cast, "Samedi midi.", GreetingWhen(day_type=SATURDAY, opens="12:00", until="14:00"))


def test_a_line_of_another_client_is_no_line_of_his(cast):
    theirs = queries.client_file(house=cast.house, client=cast.dupont, at=NOW).lines[0]
    with pytest.raises(greetings.LineUnknown):
        greet(cast, "x", GreetingWhen(line=theirs))


def test_a_phrase_is_removed_and_the_others_stay(cast):
    before = entries(cast, cast.weber)
    greet(cast, "Bon appétit.", LUNCH)
    operations.remove_greeting(client=cast.weber, language="fr", when=LUNCH, by=cast.marc, at=NOW)
    assert entries(cast, cast.weber) == before
    with pytest.raises(greetings.GreetingUnknown):
        operations.remove_greeting(client=cast.weber, language="fr", when=LUNCH, by=cast.marc, at=NOW)


@pytest.mark.parametrize(
    "fields",
    [
        {"day_type": CHOSEN},
        {"day_type": HOLIDAY, "weekdays": "1"},
        {"opens": "08:00"},
        {"opens": "08:00", "until": "08:00"},
    ],
)
def test_the_database_itself_refuses_what_cannot_be(cast, fields):
    like = Greeting.objects.for_client(cast.weber).earliest("pk")
    with pytest.raises(IntegrityError), transaction.atomic():
        Greeting.objects.create(house_id=like.house_id, client_id=like.client_id, language="en", text="x", **fields)


def away(cast, *, recipient=None, urgent_to=None, starts=0, hours=2, client=None, by=None, **more):
    by = by or cast.dr_dupont
    return absences.announce_absence(
        client=client or cast.dupont,
        recipient=None if recipient is None else cast.recipients[recipient],
        urgent_to=None if urgent_to is None else cast.recipients[urgent_to],
        starts=NOW + starts * HOUR,
        ends=NOW + (starts + hours) * HOUR,
        words="De retour à 16 heures.",
        announced_by=cast.dr_dupont.person,
        by=by,
        at=NOW,
        **more,
    )


ANNE, MARC, ALL = "Dr Anne Dupont", "Dr Marc Lemaire", "Le cabinet"


def test_an_absence_reaches_the_table_with_who_announced_it(cast):
    events, notes = OutboxEvent.objects.filter(name="ClientChanged").count(), AuditEntry.objects.count()
    made = away(cast, recipient=ANNE, urgent_to=MARC)
    found = client_slice(house=cast.house, client=cast.dupont, version=1, at=NOW).absences
    assert [(each.id, each.recipient, each.urgent_to, each.by, each.treatment) for each in found] == [
        (made, cast.recipients[ANNE], cast.recipients[MARC], "Dr Anne Dupont", "answer")
    ]
    assert OutboxEvent.objects.filter(name="ClientChanged").count() == events + 1
    assert AuditEntry.objects.count() == notes + 1
    assert AuditEntry.objects.latest("pk").action == "client.absence_announced"
    assert client_slice(house=cast.house, client=cast.dupont, version=1, at=NOW + 2 * HOUR).absences == ()
    assert client_slice(house=cast.house, client=cast.weber, version=1, at=NOW).absences == ()


def test_an_absence_withdrawn_is_over_and_its_row_stays(cast):
    made = away(cast, recipient=ANNE)
    absences.withdraw_absence(client=cast.dupont, absence=made, by=cast.dr_dupont, at=NOW)
    assert queries.absences(house=cast.house, client=cast.dupont, at=NOW) == ()
    assert Absence.objects.get(pk=made).withdrawn_at == NOW
    for gone in (made, "no number", "9" * 30):
        with pytest.raises(absences.AbsenceUnknown):
            absences.withdraw_absence(client=cast.dupont, absence=gone, by=cast.dr_dupont, at=NOW)


def test_an_absence_of_another_client_is_not_withdrawn(cast):
    made = away(cast, recipient=ANNE)
    with pytest.raises(absences.AbsenceUnknown):
        absences.withdraw_absence(client=cast.weber, absence=made, by=cast.marc, at=NOW)
    with pytest.raises(queries.ClientUnknown):
        absences.withdraw_absence(client=cast.dupont, absence=made, by=cast.nadia, at=NOW)
    assert len(queries.absences(house=cast.house, client=cast.dupont, at=NOW)) == 1
    assert queries.absences(house=cast.other_house, client=cast.dupont, at=NOW) == ()


REFUSED = [
    (absences.AbsenceImpossible, {"hours": 0}),
    (absences.AbsenceImpossible, {"hours": -1}),
    (absences.AbsenceImpossible, {"starts": -3, "hours": 3}),
    (absences.AbsenceImpossible, {"treatment": "hang_up"}),
    (absences.AbsenceImpossible, {"recipient": ANNE, "treatment": "announce"}),
    (absences.ReplacementAway, {"recipient": ANNE, "urgent_to": ANNE}),
    (queries.RecipientUnknown, {"recipient": "Dr Weber"}),
    (queries.RecipientUnknown, {"recipient": ANNE, "urgent_to": "Dr Weber"}),
]


@pytest.mark.parametrize(("refusal", "fields"), REFUSED)
def test_an_absence_that_cannot_be_is_refused(cast, refusal: type[Refusal], fields):
    with pytest.raises(refusal):
        away(cast, **fields)
    assert Absence.objects.count() == 0


@pytest.mark.parametrize(
    ("first", "second", "refusal"),
    [
        ({"recipient": ANNE}, {"recipient": ANNE, "starts": 1}, absences.AbsenceOverlaps),
        ({"recipient": ANNE}, {"recipient": ANNE, "starts": 2}, None),
        ({"recipient": ANNE}, {"recipient": MARC}, None),
        ({}, {"starts": 1}, absences.AbsenceOverlaps),
        ({}, {"recipient": ANNE}, None),
        ({"recipient": MARC}, {"recipient": ANNE, "urgent_to": MARC, "starts": 1}, absences.ReplacementAway),
        ({"recipient": MARC}, {"recipient": ANNE, "urgent_to": MARC, "starts": 2}, None),
        # Whoever falls ill is away, also when he was to replace another: the proof warns and the card says so.
        ({"recipient": ANNE, "urgent_to": MARC}, {"recipient": MARC, "starts": -5, "hours": 9}, None),
        ({"recipient": MARC}, {"urgent_to": MARC}, absences.ReplacementAway),
    ],
)
def test_absences_that_cannot_stand_beside_each_other(cast, first, second, refusal):
    made = away(cast, **first)
    if refusal is None:
        away(cast, **second)
        assert Absence.objects.count() == 2
        return
    with pytest.raises(refusal) as found:
        away(cast, **second)
    assert (found.value.why, Absence.objects.count()) == (made, 1)


def test_voice_messages_while_a_health_client_is_away_need_the_doctors_consent(cast):
    with pytest.raises(operations.ConsentMissing):
        away(cast, treatment="voice_message")
    away(cast, client=cast.weber, treatment="voice_message", by=cast.marc)
    assert Absence.objects.get().treatment == "voice_message"


def test_the_other_house_announces_nothing_here(cast):
    with pytest.raises(queries.ClientUnknown):
        away(cast, recipient=ANNE, by=cast.nadia)
