# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one cast of every story: Dr Weber (LU), cabinet Dupont (FR), Atlas (IE); Claire, Aoife and Marc."""

from dataclasses import replace
from datetime import UTC, datetime

from permanence.reception.table import (
    ClientSlice,
    GreetingEntry,
    HouseSlice,
    InstructionEntry,
    Interval,
    OpeningHours,
    ReasonEntry,
    RecipientEntry,
    SecretaryEntry,
    TrunkEntry,
    VoiceMessageConsent,
    WeekdayHours,
)

HOUSE = "demo"
CARRIER = ("192.0.2.10", 5060)
EXCHANGE = ("192.0.2.1", 5060)
WEBER_LINE, DUPONT_LINE, ATLAS_LINE = "+35220000101", "+33199001234", "+353209100101"
CLAIRE, AOIFE, MARC = "1", "2", "3"
WEBER, DUPONT, ATLAS = "1", "2", "3"
MONDAY_MORNING = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

_DAY = (Interval(opens="08:00", until="19:00"),)
OFFICE_HOURS = OpeningHours(week=tuple(WeekdayHours(weekday=day, intervals=_DAY) for day in range(5)))


def house() -> HouseSlice:
    """The house and its pool."""
    return HouseSlice(
        house=HOUSE,
        version=1,
        name="Permanence Demo",
        language="fr",
        secretaries=(
            SecretaryEntry(id=CLAIRE, name="Claire", languages=("fr", "de")),
            SecretaryEntry(id=AOIFE, name="Aoife", languages=("en", "fr")),
        ),
        trunks=(TrunkEntry(name="carrier", addresses=("192.0.2.0/28",), country="LU"),),
        demonstration=True,
    )


def weber() -> ClientSlice:
    """Dr Weber, general practitioner in Luxembourg: no voice messages."""
    return ClientSlice(
        house=HOUSE,
        client=WEBER,
        version=1,
        name="Dr Weber",
        initials="DW",
        colour=1,
        kind="practitioner",
        sector="health",
        place="Luxembourg",
        country="LU",
        region="",
        time_zone="Europe/Luxembourg",
        languages=("fr", "de"),
        state="active",
        lines=(WEBER_LINE,),
        hours=OFFICE_HOURS,
        greetings=(GreetingEntry(language="fr", text="Cabinet du docteur Weber, {name}, bonjour."),),
        instructions=(
            InstructionEntry(
                id="10",
                version=1,
                text="Pas de rendez-vous le jeudi.",
                author="Dr Weber",
                written_at=datetime(2026, 11, 20, tzinfo=UTC),
            ),
        ),
        recipients=(RecipientEntry(id="1", name="Dr Weber"),),
        reasons=(ReasonEntry(code="appointment", label="Rendez-vous"),),
    )


def dupont() -> ClientSlice:
    """Cabinet Dupont in France: voice messages agreed, with a duty contact."""
    return replace(
        weber(),
        client=DUPONT,
        name="Cabinet Dupont",
        initials="CD",
        country="FR",
        place="Lyon",
        time_zone="Europe/Paris",
        languages=("fr",),
        lines=(DUPONT_LINE,),
        voice_message=True,
        voice_message_consent=VoiceMessageConsent(agreed_date="2026-10-01", duty_contact="Dr Dupont"),
        instructions=(),
        recipients=(RecipientEntry(id="2", name="Dr Dupont"), RecipientEntry(id="3", name="Dr Lemaire")),
    )


def atlas() -> ClientSlice:
    """Atlas, after-sales service in Ireland: open every minute, in English, voice messages allowed."""
    return replace(
        weber(),
        client=ATLAS,
        name="Atlas",
        initials="AT",
        kind="company",
        sector="service",
        country="IE",
        place="Galway",
        time_zone="Europe/Dublin",
        languages=("en",),
        lines=(ATLAS_LINE,),
        hours=OpeningHours(always=True),
        greetings=(GreetingEntry(language="en", text="Atlas service, {name} speaking."),),
        instructions=(),
        voice_message=True,
    )
