# SPDX-License-Identifier: AGPL-3.0-or-later
"""The practice of the examples: Dr Weber and Dr Klein in Luxembourg, one electrocardiograph, a Tuesday in November."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.rules.kinds import Agenda, Need, Opening, Resource, Taken, TakenKind, VisitReason
from permanence.agenda.rules.wishes import Book, Wish

ZONE = "Europe/Luxembourg"
TUESDAY = date(2026, 11, 24)
FOLLOW_UP = VisitReason(id="CS", client="c", name="Suivi", minutes=20, minutes_new=40, overbooking=True)
ECG = VisitReason(
    id="ECG", client="c", name="Électrocardiogramme", minutes=30, needs=(Need(kind="ecg", after=10),)
)  # fmt: skip
URGENT = VisitReason(id="URG", client="c", name="Urgence", minutes=10, max_per_day=2)
REASONS = (FOLLOW_UP, ECG, URGENT)
DEVICE = Resource(id="ecg1", client="c", kind="ecg")


def on(text: str, day: date = TUESDAY, *, zone: str = ZONE, fold: int = 0) -> datetime:
    """A time of the wall."""
    moment = datetime.fromisoformat(f"{day.isoformat()} {text}")
    return moment.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


NOW = on("14:15")


def weber(*taken: Taken, reasons=REASONS, **more) -> Book:
    """Dr Weber: mornings and afternoons of Monday to Friday, steps of 20 minutes."""
    return practice("weber", *taken, reasons=reasons, **more)


def practice(name: str, *taken: Taken, reasons=REASONS, step=20, overbookings_per_day=0, openings=None, **more) -> Book:
    agenda = Agenda(
        id=name, client="c", recipient=f"r-{name}", zone=ZONE, country="LU", step=step,
        overbookings_per_day=overbookings_per_day,
    )  # fmt: skip
    week = [
        Opening(id=f"{day}-{opens}", agenda=name, weekday=day, opens=opens, until=until)
        for day in range(5)
        for opens, until in (("08:00", "12:00"), ("14:00", "18:00"))
    ]
    return Book(
        agenda=agenda, openings=tuple(week if openings is None else openings), reasons=reasons, resources=(DEVICE,),
        taken=tuple(replace(each, subject=each.subject or name) for each in taken), **more,
    )  # fmt: skip


def visit(starts: str, ends: str, day: date = TUESDAY, **more) -> Taken:
    return Taken(**{"subject": "", "starts": on(starts, day), "ends": on(ends, day), "reason": "CS", **more})


def block(starts: str, until: str, day: date = TUESDAY, **more) -> Taken:
    return visit(starts, until, day, **{"kind": TakenKind.BLOCK, "reason": "", **more})


def away(starts: str, until: str, day: date = TUESDAY) -> Taken:
    return visit(starts, until, day, kind=TakenKind.ABSENCE, reason="", by="r-weber")


def wish(reason: str = "CS", **more) -> Wish:
    return Wish(reason=reason, **more)


def later(days: int) -> date:
    return TUESDAY + timedelta(days=days)
