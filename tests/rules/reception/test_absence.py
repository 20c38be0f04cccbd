# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is away: on the card, and in how calls are treated."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from permanence.kernel.events import from_plain
from permanence.reception import decisions as decided
from permanence.reception.absence import ANNOUNCE, ANSWER, VOICE_MESSAGE, closing_absence, is_away
from permanence.reception.card import CallerShown, build_card
from permanence.reception.hours import Openings
from permanence.reception.table import (
    AbsenceEntry,
    ClientSlice,
    Interval,
    OpeningHours,
    RecipientEntry,
    VoiceMessageConsent,
    WeekdayHours,
    read_slice,
    write_slice,
)
from permanence.reception.treatment import treatment_at
from tests.rules.reception.house import CAST, CLAIRE, DUPONT, START, Desk, client, house_slice

HOUR = timedelta(hours=1)
CONSENT = VoiceMessageConsent(agreed_date="2026-01-01", duty_contact="Dr Roy")
TWO = (RecipientEntry(id="1", name="Dr Dupont"), RecipientEntry(id="2", name="Dr Lemaire"))


def absence(number: str = "1", *, starts: datetime = START, hours: float = 2, **more) -> AbsenceEntry:
    fields = {"words": "Back at four.", "by": "Dr Dupont", "announced_at": START - 24 * HOUR}
    return AbsenceEntry(id=number, starts=starts, ends=starts + hours * HOUR, **{**fields, **more})


def practice(*absences: AbsenceEntry, **more) -> ClientSlice:
    return client(DUPONT, ("fr",), recipients=TWO, absences=absences, **{"sector": "health", **more})


def shown(entry: ClientSlice, at: datetime):
    house = house_slice(CAST)
    return build_card(
        entry, house, house.secretaries[0], caller=CallerShown(), called_line=entry.lines[0], at=at
    ).absences


def test_the_card_says_who_is_away_what_to_say_and_who_takes_what_is_urgent():
    found = shown(practice(absence(recipient="1", urgent_to="2")), START)
    assert [(each.name, each.words, each.urgent_to, each.urgent_name, each.urgent_away) for each in found] == [
        ("Dr Dupont", "Back at four.", "2", "Dr Lemaire", False)
    ]
    assert (found[0].recipient, found[0].starts_ms, found[0].ends_ms) == (
        "1",
        int(START.timestamp() * 1000),
        int((START + 2 * HOUR).timestamp() * 1000),
    )


@pytest.mark.parametrize(
    ("hours", "stands"), [(-25, False), (-24, True), (-1, True), (0, True), (1.99, True), (2, False)]
)
def test_an_absence_stands_on_the_card_from_a_day_before_until_it_is_over(hours: float, stands: bool):
    assert bool(shown(practice(absence(recipient="1")), START + hours * HOUR)) is stands


def test_a_replacement_who_is_away_too_is_said_to_be():
    entry = practice(absence("1", recipient="1", urgent_to="2"), absence("2", recipient="2", starts=START + HOUR))
    assert [each.urgent_away for each in shown(entry, START)] == [False, False]
    assert [each.urgent_away for each in shown(entry, START + HOUR)] == [True, False]


def test_an_absence_of_somebody_who_left_the_practice_is_not_shown():
    assert shown(practice(absence(recipient="9")), START) == ()


def test_absences_of_a_recipient_never_close_the_lines():
    entry = practice(absence(recipient="1"))
    assert is_away(entry, "1", at=START)
    assert not is_away(entry, "2", at=START)
    assert closing_absence(entry, at=START) is None


@pytest.mark.parametrize(
    ("treatment", "sector", "consent", "wanted", "kind", "codes"),
    [
        (ANSWER, "health", None, False, ANSWER, ["open_by_always"]),
        (ANNOUNCE, "health", CONSENT, True, ANNOUNCE, ["closed_by_absence", "voice_message_not_wanted"]),
        (VOICE_MESSAGE, "health", CONSENT, False, VOICE_MESSAGE, ["closed_by_absence", "voice_message_allowed"]),
        (VOICE_MESSAGE, "health", None, False, ANNOUNCE, ["closed_by_absence", "voice_message_without_consent"]),
        (VOICE_MESSAGE, "other", None, False, VOICE_MESSAGE, ["closed_by_absence", "voice_message_allowed"]),
    ],
)
def test_while_the_whole_client_is_away(treatment, sector, consent, wanted, *, kind, codes):
    entry = practice(absence(treatment=treatment), sector=sector, voice_message=wanted, voice_message_consent=consent)
    found = treatment_at(entry, Openings(), at=START)
    assert (found.kind, [each.code for each in found.why]) == (kind, codes)
    assert treatment_at(entry, Openings(), at=START + 2 * HOUR).kind == ANSWER


def test_an_absence_closes_the_lines_outside_the_hours_too_and_says_so():
    hours = OpeningHours(week=(WeekdayHours(weekday=0, intervals=(Interval(opens="08:00", until="18:00"),)),))
    entry = practice(absence(treatment=ANNOUNCE), hours=hours, voice_message=True, voice_message_consent=CONSENT)
    assert treatment_at(entry, Openings(), at=START).why[0].code == "closed_by_absence"
    assert treatment_at(entry, Openings(), at=START).kind == ANNOUNCE
    assert treatment_at(entry, Openings(), at=START - HOUR).kind == VOICE_MESSAGE


def test_a_suspended_client_is_suspended_before_he_is_away():
    entry = practice(absence(treatment=ANNOUNCE), state="suspended")
    assert treatment_at(entry, Openings(), at=START).why[0].code == "client_inactive"


def test_the_desk_closes_the_calls_of_a_client_who_is_away():
    entry = practice(absence(treatment=VOICE_MESSAGE), voice_message_consent=CONSENT)
    desk = Desk(house_slice(CAST), entry)
    desk.sits(CLAIRE)
    desk.rings("a")
    closed = desk.named(decided.CloseCall)[0]
    assert (closed.reason, closed.voice_message) == ("closed", True)
    assert closed.prompts[0] == "fr/emergency-15-112"
    assert [reason.code for reason in closed.why] == ["closed_by_absence", "voice_message_allowed"]
    desk.forward(7200)
    desk.rings("b")
    assert desk.offered(CLAIRE) == "b"


def test_the_desk_offers_the_phrase_and_the_absences_of_the_moment_of_the_offer():
    entry = practice(absence(recipient="1", starts=START + 0.005 * HOUR, hours=1))
    desk = Desk(house_slice(CAST), entry)
    desk.rings("a")
    desk.forward(60)
    desk.sits(CLAIRE)
    offer = desk.named(decided.Offer)[0]
    assert [each.name for each in offer.card.absences] == ["Dr Dupont"]


def test_the_card_says_that_the_line_closes_when_the_absence_begins():
    shuts = absence(starts=START + 0.01 * HOUR, hours=1, treatment="announce")
    desk = Desk(house_slice(CAST), practice(shuts))
    desk.sits(CLAIRE)
    desk.rings("a")
    assert desk.named(decided.Offer)[0].card.open_until_ms == int((START + 0.01 * HOUR).timestamp() * 1000)


def test_a_slice_without_absences_is_read_and_one_with_them_comes_back_as_it_was():
    plain = write_slice(practice(absence(recipient="1", urgent_to="2")))
    assert read_slice(plain) == practice(absence(recipient="1", urgent_to="2"))
    del plain["absences"]
    assert read_slice(plain) == replace(practice(), absences=())
    assert from_plain(AbsenceEntry, {**vars_of(absence()), "starts": START.isoformat()}).starts == START


def vars_of(entry: AbsenceEntry) -> dict[str, object]:
    moments = {"starts": entry.starts, "ends": entry.ends, "announced_at": entry.announced_at}
    texts = {name: getattr(entry, name) for name in ("id", "words", "by")}
    return {**texts, **{name: moment.astimezone(UTC).isoformat() for name, moment in moments.items()}}
