# SPDX-License-Identifier: AGPL-3.0-or-later
"""Random agendas: what hypothesis makes of openings, exceptions, reasons, visits and wishes, DST nights included."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from permanence.agenda.rules.kinds import (
    Agenda,
    Asker,
    ExceptionKind,
    Need,
    Opening,
    OpeningException,
    OpeningKind,
    Question,
    Resource,
    Taken,
    TakenKind,
    VisitReason,
    Way,
)
from permanence.agenda.rules.wishes import Book, Wish

DAYS = (
    date(2026, 11, 24),  # an ordinary Tuesday
    date(2026, 3, 29),  # clocks go forward
    date(2026, 10, 25),  # clocks go back
    date(2026, 11, 11),  # a public holiday in France
)
ZONES = (("Europe/Paris", "FR"), ("Europe/Luxembourg", "LU"), ("Europe/Dublin", "IE"))
BORN = (
    *((date(day.year - 18, day.month, day.day),) * 2 for day in DAYS),  # eighteen on that very day
    (date(2008, 1, 1), date(2008, 12, 31)),  # only the year is known
    (date(1986, 2, 3), date(1986, 2, 3)),
)
RESOURCES = (
    Resource(id="ecg1", client="c", kind="ecg"),
    Resource(id="ecg2", client="c", kind="ecg", site="north"),
    Resource(id="room", client="c", kind="room", site="north"),
)


def text(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def usually(usual, *others):
    """Most often the first."""
    return st.sampled_from([*(usual,) * 6, *others])


@st.composite
def openings(draw, day: date):
    opens = draw(st.sampled_from([0, 90, 120, 150, 155, 483, 480, 480, 540, 720]))
    lasts = draw(st.sampled_from([15, 45, 60, 77, 120, 240, 480]))
    kind = draw(usually(*OpeningKind))
    capacity = draw(st.sampled_from([1, 1, 1, 2, 3]))
    every = draw(usually(1, 2, 3))
    same_day = kind is OpeningKind.SAME_DAY
    return Opening(
        id=f"o{draw(st.integers(0, 99))}",
        agenda="a",
        opens=text(opens),
        until=text(min(opens + lasts, 1440)),
        weekday=(day.weekday() + draw(usually(0, 1, 6))) % 7,
        every_weeks=every,
        anchor=day - timedelta(days=draw(st.sampled_from([0, 7, 10]))) if every > 1 else None,
        valid_from=draw(usually(None, day, day + timedelta(days=1))),
        reasons=draw(usually((), ("r",), ("s",))),
        site=draw(st.sampled_from(["", "north"])),
        resources=draw(usually((), ("room",), ("ecg1", "room"))),
        kind=kind,
        released_at=draw(st.sampled_from(["02:30", "08:00"])) if same_day else "",
        released_days=draw(st.sampled_from([0, 1])) if same_day else 0,
        travel=draw(st.sampled_from([0, 15])) if kind is OpeningKind.HOME_VISIT else 0,
        capacity=capacity,
        new_patients=draw(usually(True, False)),
        online=draw(usually(True, False)),
        on_holidays=draw(st.booleans()),
    )


@st.composite
def wide(draw, day: date):
    """Some hours without conditions, so that most books have something free; by night where clocks change."""
    by_night = day in DAYS[1:3]
    capacity = draw(st.sampled_from([1, 1, 2]))
    return Opening(
        id="wide",
        agenda="a",
        opens="01:00" if by_night else "08:00",
        until="05:00" if by_night else "12:00",
        weekday=day.weekday(),
        resources=draw(usually((), ("room",))),
        site=draw(st.sampled_from(["", "north"])),
        capacity=capacity,
        on_holidays=True,
    )


@st.composite
def reasons(draw, name: str = "r"):
    needs = st.sampled_from([
        (), (), (), (), (Need(kind="ecg", after=10),), (Need(kind="ecg"), Need(ids=("room",), before=5)),
        (Need(ids=("ecg1", "ecg2")), Need(kind="ecg", before=5)), (Need(kind="laser"),),
    ])  # fmt: skip
    return VisitReason(
        id=name,
        client="c",
        name="",
        minutes=draw(st.sampled_from([5, 15, 20, 30, 60])),
        minutes_new=draw(st.sampled_from([0, 0, 45])),
        before=draw(st.sampled_from([0, 0, 5, 15])),
        after=draw(st.sampled_from([0, 0, 5, 10])),
        notice=draw(usually(0, 47, 1440)),
        horizon=draw(usually(0, 1, 30)),
        max_per_day=draw(usually(0, 1, 3)),
        max_per_half_day=draw(usually(0, 1)),
        max_new_per_day=draw(usually(0, 1)),
        bookable_by=draw(usually(frozenset(Asker), frozenset({Asker.SECRETARY}))),
        way=draw(usually(*Way)),
        needs=draw(needs),
        sites=draw(usually((), ("north",))),
        youngest=draw(usually(None, 18)),
        oldest=draw(usually(None, 18)),
        contra_indications=(Question(id="pacemaker", text="Pacemaker?"),),
    )


@st.composite
def takens(draw, day: date, zone: str):
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    starts = midnight + timedelta(
        minutes=draw(st.sampled_from([-90, 60, 90, 122, 150, 155, 480, 490, 500, 540, 600, 755]))
    )
    kind = draw(st.sampled_from([*TakenKind, TakenKind.APPOINTMENT, TakenKind.APPOINTMENT]))
    of_agenda = kind is TakenKind.ABSENCE or draw(st.sampled_from([True, True, False]))
    shared_by = "" if of_agenda else draw(st.sampled_from(["", "a", "a", "b"]))
    return Taken(
        subject="a" if of_agenda else draw(st.sampled_from(["ecg1", "ecg2", "room"])),
        starts=starts,
        ends=starts + timedelta(minutes=draw(st.sampled_from([0, 5, 11, 20, 60, 180]))),
        kind=kind,
        reason=draw(st.sampled_from(["r", "r", "s"])),
        is_new=draw(st.booleans()),
        before=draw(st.sampled_from([0, 0, 5, 15])) if kind is not TakenKind.ABSENCE else 0,
        after=draw(st.sampled_from([0, 0, 10])) if kind is not TakenKind.ABSENCE else 0,
        shared_by=shared_by,
        holder=draw(st.sampled_from(["", "mine", "other"])) if kind is TakenKind.HOLD else "",
        until=midnight + timedelta(hours=draw(st.sampled_from([-30, 3, 30]))) if kind is TakenKind.HOLD else None,
    )


@st.composite
def exceptions(draw, day: date):
    kind = draw(st.sampled_from(ExceptionKind))
    own = () if kind is ExceptionKind.CLOSED else tuple(draw(st.lists(openings(day), min_size=1, max_size=2)))
    return OpeningException(id="e", agenda="a", date=day, kind=kind, label="Congrès", openings=own)


@st.composite
def books(draw):
    """(book, wish, day, at)."""
    day = draw(st.sampled_from(DAYS))
    zone, country = draw(st.sampled_from(ZONES))
    agenda = Agenda(
        id="a", client="c", recipient="r", zone=zone, country=country, step=draw(st.sampled_from([5, 5, 10, 15, 20])),
        closed_on_holidays=draw(st.sampled_from([True, False])),
    )  # fmt: skip
    book = Book(
        agenda=agenda,
        openings=(draw(wide(day)), *draw(st.lists(openings(day), max_size=3))),
        exceptions=tuple(draw(usually([], [draw(exceptions(day))]))),
        reasons=(draw(reasons()), draw(reasons("s"))),
        resources=RESOURCES,
        taken=tuple(draw(st.lists(takens(day, zone), max_size=6))),
    )
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    at = midnight + timedelta(hours=draw(usually(-20, -40, 1, 9)), minutes=draw(st.sampled_from([0, 3])))
    return book, draw(wishes()), day, at


@st.composite
def wishes(draw):
    return Wish(
        reason=draw(st.sampled_from(["r", "r", "r", "s"])),
        is_new=draw(st.booleans()),
        born=draw(usually(None, *BORN)),
        asked_by=draw(st.sampled_from([Asker.SECRETARY, Asker.ONLINE])),
        holder=draw(st.sampled_from(["", "mine"])),
        sites=draw(usually((), ("north",))),
        yes_to=draw(usually(frozenset(), frozenset({"pacemaker"}))),
        minutes=draw(usually(0, 5, 45)),
    )
