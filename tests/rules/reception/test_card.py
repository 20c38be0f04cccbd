# SPDX-License-Identifier: AGPL-3.0-or-later
"""The card, the phrase to say, the closing words and the names of the prompts."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.countries.emergency import LANGUAGES
from permanence.reception.card import CallerShown, build_card, milliseconds
from permanence.reception.closing import closing_words, unknown_line_words, voice_message_allowed
from permanence.reception.greeting import greetings_for, spoken_language
from permanence.reception.hours import Openings, opening_at
from permanence.reception.instructions import instructions_for
from permanence.reception.prompts import LAST_PLACE, built_in_prompts, place_prompt
from permanence.reception.table import (
    AgendaEntry,
    ClosingWords,
    GreetingEntry,
    InstructionEntry,
    Interval,
    OpeningHours,
    ReasonEntry,
    RecipientEntry,
    ScriptEntry,
    SecretaryEntry,
    VoiceMessageConsent,
    WeekdayHours,
)
from tests.rules.reception.house import START, client, house_slice

CLAIRE = SecretaryEntry(id="1", name="Claire Muller", languages=("fr", "de"))
HOUSE = house_slice({"1": ("fr", "de")})
DAY = timedelta(days=1)


def instruction(name: str, **more: object) -> InstructionEntry:
    fields: dict[str, object] = {"version": 1, "text": name, "author": "Dr Weber", "written_at": START - DAY}
    return InstructionEntry(id=name, **{**fields, **more})  # type: ignore[arg-type]


def card_of(entry, *, caller: CallerShown | None = None, at: datetime = START, seen_at: datetime | None = None):
    opening = None if entry is None else Openings().of(entry, at=at)
    return build_card(
        entry,
        HOUSE,
        CLAIRE,
        caller=caller or CallerShown(),
        called_line="+35212345",
        at=at,
        open_until=opening.changes_at if opening is not None and opening.is_open else None,
        seen_at=seen_at,
    )


def test_the_card_is_the_contracts_json():
    entry = client(
        "10",
        ("fr", "de"),
        greetings=(GreetingEntry(language="fr", text="Cabinet du docteur Weber, {name}, bonjour."),),
        instructions=(instruction("i1", ends=START + DAY),),
        recipients=(RecipientEntry(id="5", name="Dr Weber"),),
        reasons=(ReasonEntry(code="appointment", label="Rendez-vous"),),
        hours=OpeningHours(week=(WeekdayHours(weekday=1, intervals=(Interval(opens="08:00", until="18:00"),)),)),
        script=ScriptEntry(version=3, text="{}", validated_date="2026-11-20"),
        agendas=(
            AgendaEntry(recipient="5", product="Doctena", link="https://www.doctena.lu/w", host="www.doctena.lu"),
        ),
    )
    plain = json.loads(json.dumps(card_of(entry, caller=CallerShown(number="+33199000000", display="Jean")).plain()))
    assert plain == {
        "client": "10",
        "name": "Client 10",
        "initials": "CL",
        "colour": 1,
        "kind": "company",
        "place": "",
        "sector": "other",
        "time_zone": "Europe/Paris",
        "open_until_ms": milliseconds(datetime(2026, 11, 24, 17, 0, tzinfo=UTC)),
        "languages": ["fr", "de"],
        "greetings": [{"language": "fr", "text": "Cabinet du docteur Weber, Claire, bonjour."}],
        "instructions": [
            {
                "id": "i1",
                "version": 1,
                "text": "i1",
                "blocks": [{"kind": "paragraph", "lines": [[{"text": "i1", "bold": False}]]}],
                "author": "Dr Weber",
                "since_ms": milliseconds(START - DAY),
                "until_ms": milliseconds(START + DAY),
                "is_new": False,
                "acknowledge": False,
                "recipient": "",
                "recipient_name": "",
                "reason": "",
                "reason_label": "",
                "this_line": False,
                "this_caller": False,
            }
        ],
        "caller": {"number": "+33199000000", "masked": False, "display": "Jean"},
        "called_line": "+35212345",
        "unknown_line": False,
        "first_call": True,
        "form": {
            "recipients": [{"id": "5", "name": "Dr Weber"}],
            "reasons": [{"code": "appointment", "label": "Rendez-vous"}],
        },
        "absences": [],
        "why": [],
        "script": {"version": 3, "text": "{}", "validated_date": "2026-11-20"},
        "sites": [],
        "contacts": [],
        "agendas": [
            {
                "recipient": "5",
                "product": "Doctena",
                "link": "https://www.doctena.lu/w",
                "host": "www.doctena.lu",
                "remark": "",
            }
        ],
    }


def test_a_masked_caller_is_shown_as_masked_and_nothing_else():
    shown = card_of(client("10"), caller=CallerShown(number="+33199000000", masked=True, display="Jean")).caller
    assert shown == CallerShown(number=None, masked=True, display="")


def test_the_card_of_an_unknown_line():
    card = card_of(None, caller=CallerShown(number="+33199000000"))
    assert (card.client, card.unknown_line, card.name, card.kind, card.form.recipients) == (
        None,
        True,
        "Demo",
        "unknown",
        (),
    )
    assert card.open_until_ms is None


def test_instructions_in_force_by_priority_then_the_latest():
    entries = (
        instruction("old"),
        instruction("future", starts=START + DAY),
        instruction("ended", ends=START),
        instruction("fresh", written_at=START),
        instruction("urgent", priority=5, written_at=START - 9 * DAY),
        instruction("begins", starts=START, written_at=START - 2 * DAY),
    )
    assert [entry.id for entry in instructions_for(entries, at=START, seen_at=START)] == [
        "urgent",
        "fresh",
        "old",
        "begins",
    ]


@pytest.mark.parametrize(
    ("seen", "new"), [(None, False), (START - 2 * DAY, True), (START - DAY, False), (START, False)]
)
def test_new_is_what_was_written_since_her_last_call(seen: datetime | None, new: bool):
    card = card_of(client("10", instructions=(instruction("i"),)), seen_at=seen)
    assert (card.instructions[0].is_new, card.first_call) == (new, seen is None)


def test_a_phrase_in_a_language_she_speaks_comes_first():
    entry = client(
        "10",
        ("en", "de"),
        greetings=(
            GreetingEntry(language="en", text="Hello"),
            GreetingEntry(language="de", text="{name} {name}"),
            GreetingEntry(language="fr", text="Bonjour {nom}"),
        ),
    )
    said = [each.text for each in greetings_for(entry, CLAIRE, line="+35212345", at=START)]
    assert said == ["Claire Claire", "Bonjour {nom}", "Hello"]
    assert greetings_for(client("10", greetings=()), CLAIRE, line="+35212345", at=START) == ()


@pytest.mark.parametrize(
    ("hints", "offered", "house", "spoken"),
    [
        (("de",), ("fr", "de"), "fr", "de"),
        (("en",), ("fr", "de"), "en", "fr"),
        ((), ("lb", "de"), "fr", "de"),
        (("fr",), ("lb",), "de", "de"),
        ((), (), "lb", "en"),
    ],
)
def test_the_language_of_the_prompts(hints: tuple[str, ...], offered: tuple[str, ...], house: str, spoken: str):
    assert spoken_language(hints, offered, house) == spoken


words = st.lists(st.sampled_from(["fr/closed", "a" * 64, "fr/emergency-15-112", "en/busy"]), max_size=3)


@given(
    st.sampled_from(["FR", "LU", "IE", "XX"]),
    st.sampled_from(LANGUAGES),
    words,
    st.booleans(),
    st.sampled_from(["closed", "max_wait", "suspended"]),
)
def test_a_health_clients_closing_words_always_begin_with_the_emergency_sentence(
    country, language, own, voice_message, reason
):
    entry = client(
        "10",
        ("fr",),
        country=country,
        sector="health",
        closing=(ClosingWords(language=language, prompts=tuple(own)),),
        voice_message=voice_message,
    )
    closing = closing_words(entry, reason=reason, language=language, on=date(2026, 11, 24))
    numbers = {"FR": "15-112", "LU": "112", "IE": "112-999", "XX": "112"}[country]
    assert closing.prompts[0] == f"{language}/emergency-{numbers}"
    assert len(closing.prompts) > 1
    assert closing.voice_message is False


def test_closing_words_of_others_are_their_own():
    recorded = "b" * 64
    entry = client("12", ("en",), country="IE", closing=(ClosingWords(language="en", prompts=(recorded,)),))
    assert closing_words(entry, reason="closed", language="en", on=date(2026, 11, 24)).prompts == (
        f"{recorded}/en/closed",
    )
    spoken = closing_words(client("12", voice_message=True), reason="max_wait", language="de", on=date(2026, 11, 24))
    assert (spoken.prompts, spoken.voice_message) == (("de/busy", "de/leave-message"), True)


def test_a_suspended_client_takes_no_voice_message():
    consent = VoiceMessageConsent(agreed_date="2026-01-01", duty_contact="Dr Roy")
    entry = client("10", voice_message=True, voice_message_consent=consent, state="suspended")
    assert voice_message_allowed(entry)[0] is False


def test_every_prompt_the_desk_can_name_has_words():
    known = built_in_prompts()
    on = date(2026, 11, 24)
    named = {place_prompt(language, place) for language in LANGUAGES for place in range(1, LAST_PLACE + 5)}
    for language in LANGUAGES:
        named |= set(unknown_line_words(["LU"], language=language, on=on).prompts)
        for country in ("FR", "LU", "IE"):
            for reason in ("closed", "max_wait", "suspended"):
                for voice in (True, False):
                    entry = client("10", country=country, sector="health" if voice else "other", voice_message=voice)
                    named |= set(closing_words(entry, reason=reason, language=language, on=on).prompts)
    assert named <= set(known)
    assert all(text.strip() for text in known.values())
    assert opening_at(OpeningHours(always=True), zone="UTC", country="FR", at=START).is_open
