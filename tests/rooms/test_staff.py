# SPDX-License-Identifier: AGPL-3.0-or-later
"""Secretaries, and the history of their presence as the engine tells it."""

from datetime import timedelta

import pytest

from permanence.foundation.rules import Role
from permanence.reception.events import CallAnswered, PresenceChanged
from permanence.staff import operations, queries
from permanence.staff.handlers import apply_engine_event
from permanence.staff.models import PresenceSpan
from permanence.staff.rules import STANDARD_KEYS, KeyChoice, KeyTaken, KeyUnfit, KeyUnknown, checked
from tests.rooms.conftest import NOW, person


def presence(cast, state, minutes, *, secretary=None, reason="", house="demo"):
    return PresenceChanged(
        house=house,
        at=NOW + timedelta(minutes=minutes),
        secretary=secretary or cast.claire_secretary,
        seat="s1",
        state=state,
        reason=reason,
    )


def history():
    return [
        (
            row.state,
            row.reason,
            (row.starts_at - NOW) / timedelta(minutes=1),
            row.ends_at and (row.ends_at - NOW).seconds / 60,
        )
        for row in PresenceSpan.objects.order_by("pk")
    ]


def test_the_history_follows_the_engine_and_each_event_counts_once(cast):
    events = [
        presence(cast, "ready", 0),
        presence(cast, "on_call", 5),
        presence(cast, "break", 9, reason="lunch"),
        presence(cast, "off", 39),
    ]
    for sequence, event in enumerate(events, start=1):
        apply_engine_event("e1", sequence, event)
        apply_engine_event("e1", sequence, event)
    apply_engine_event("e1", 2, events[1])
    assert history() == [
        ("ready", "", 0, 5),
        ("on_call", "", 5, 9),
        ("break", "lunch", 9, 39),
        ("off", "", 39, None),
    ]


def test_the_same_state_again_is_the_same_stretch(cast):
    apply_engine_event("e1", 1, presence(cast, "ready", 0))
    apply_engine_event("e1", 2, presence(cast, "ready", 3))
    assert history() == [("ready", "", 0, None)]


def test_a_clock_that_went_back_makes_no_stretch_that_ends_before_it_starts(cast):
    apply_engine_event("e1", 1, presence(cast, "ready", 5))
    apply_engine_event("e1", 2, presence(cast, "break", 3))
    assert history() == [("ready", "", 5, 5), ("break", "", 5, None)]


@pytest.mark.parametrize(
    ("secretary", "house"), [("99999", "demo"), ("", "demo"), ("x", "demo"), (None, "nadia"), (None, "nowhere")]
)
def test_a_secretary_the_house_does_not_know_leaves_no_trace(cast, secretary, house):
    event = presence(cast, "ready", 0, secretary=secretary or cast.claire_secretary, house=house)
    if secretary == "":
        event = PresenceChanged(house=house, at=NOW, secretary="", seat="s1", state="ready")
    apply_engine_event("e1", 1, event)
    assert history() == []
    apply_engine_event("e1", 2, presence(cast, "ready", 1))
    assert history() == [("ready", "", 1, None)]


def test_other_events_only_move_the_position(cast):
    event = CallAnswered(
        house="demo", at=NOW, call="c", client=cast.weber, offer="o", secretary="1", seat="s", waited_ms=1
    )
    apply_engine_event("e1", 7, event)
    apply_engine_event("e1", 7, presence(cast, "ready", 0))
    assert history() == []


def test_presences_are_the_houses_own(cast):
    apply_engine_event("e1", 1, presence(cast, "ready", 0))
    assert [(each.name, each.state) for each in queries.presences(house="demo")] == [("Claire", "ready")]
    assert queries.presences(house="nadia") == ()


def test_secretaries_are_the_houses_own(cast, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert [each.name for each in queries.secretaries(house="demo")] == ["Aoife", "Claire"]
    assert [each.name for each in queries.secretaries(house="nadia")] == ["Nadia"]
    assert queries.secretary_names(house="demo")[cast.claire_secretary] == "Claire"
    with pytest.raises(queries.NotASecretary):
        queries.secretary_of(house="nadia", person=cast.claire.person)
    with pytest.raises(queries.NotASecretary):
        queries.secretary_of(house="demo", person=cast.marc.person)


def test_who_leaves_is_no_secretary_any_more_but_keeps_her_name(cast):
    operations.change_secretary(secretary=cast.claire_secretary, languages=("fr",), active=False, by=cast.marc, at=NOW)
    assert [each.name for each in queries.secretaries(house="demo")] == ["Aoife"]
    assert queries.secretary_names(house="demo")[cast.claire_secretary] == "Claire"
    assert Role.SECRETARY not in person("claire@permanence.example").roles
    with pytest.raises(queries.NotASecretary):
        queries.secretary_of(house="demo", person=cast.claire.person)


def test_refusals_of_the_staff(cast):
    with pytest.raises(operations.LanguagesMissing):
        operations.make_secretary(person=cast.marc.person, languages=(), by=cast.marc, at=NOW)
    with pytest.raises(operations.AlreadyASecretary):
        operations.make_secretary(person=cast.claire.person, languages=("fr",), by=cast.marc, at=NOW)
    with pytest.raises(operations.SecretaryUnknown):
        operations.change_secretary(
            secretary=cast.claire_secretary, languages=("fr",), active=False, by=cast.nadia, at=NOW
        )


def keys_of(who):
    return queries.key_choice(house=who.house, person=who.person)


def test_changed_keys_are_kept_for_the_person_and_nobody_else(cast):
    assert keys_of(cast.claire) == KeyChoice()
    operations.choose_keys(by=cast.claire, choice=KeyChoice(chords={"hold": "Alt+m", "forward": "F3"}, numbers=False))
    assert keys_of(cast.claire) == KeyChoice(chords={"hold": "Alt+m", "forward": "F3"}, numbers=False)
    assert keys_of(cast.aoife) == keys_of(cast.nadia) == KeyChoice()
    with pytest.raises(queries.NotASecretary):
        queries.key_choice(house=cast.nadia.house, person=cast.claire.person)


def test_all_keys_as_they_were_leaves_nothing(cast):
    operations.choose_keys(by=cast.claire, choice=KeyChoice(chords={"hold": "Alt+m"}, numbers=False))
    operations.choose_keys(by=cast.claire, choice=KeyChoice())
    assert keys_of(cast.claire) == KeyChoice()


def test_two_acts_may_change_places_and_the_usual_key_is_no_choice(cast):
    operations.choose_keys(by=cast.claire, choice=KeyChoice(chords={"hold": "F7", "mute": "F4", "end": "F9"}))
    assert keys_of(cast.claire).chords == {"hold": "F7", "mute": "F4"}


@pytest.mark.parametrize(
    ("chords", "refusal"),
    [
        ({"hold": "F7"}, KeyTaken),
        ({"hold": "Alt+m", "mute": "Alt+m"}, KeyTaken),
        ({"dance": "Alt+m"}, KeyUnknown),
        ({"hold": "m"}, KeyUnfit),
        ({"hold": "Shift+m"}, KeyUnfit),
        ({"hold": "F5"}, KeyUnfit),
        ({"hold": "Control+w"}, KeyUnfit),
        ({"hold": "Control+Shift+t"}, KeyUnfit),
        ({"hold": ""}, KeyUnfit),
        ({"hold": "Alt"}, KeyUnfit),
        ({"hold": "Alt+m\n"}, KeyUnfit),
        ({"hold": "Meta+m"}, KeyUnfit),
        ({"hold": "Alt+" + "m" * 40}, KeyUnfit),
    ],
)
def test_a_key_that_cannot_be_is_refused_and_what_was_kept_stays(cast, chords, refusal):
    operations.choose_keys(by=cast.claire, choice=KeyChoice(chords={"hold": "Alt+m"}))
    with pytest.raises(refusal):
        operations.choose_keys(by=cast.claire, choice=KeyChoice(chords=chords))
    assert keys_of(cast.claire).chords == {"hold": "Alt+m"}


def test_whoever_answers_no_calls_has_no_keys(cast):
    with pytest.raises(queries.NotASecretary):
        operations.choose_keys(by=cast.dr_weber, choice=KeyChoice())


def test_the_usual_keys_are_all_allowed():
    assert checked(KeyChoice(chords=STANDARD_KEYS)) == KeyChoice()
