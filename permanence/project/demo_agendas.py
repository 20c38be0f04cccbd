# SPDX-License-Identifier: AGPL-3.0-or-later
"""The agendas of the demonstration house: set, and half full around today.

Everything is booked by the operations that the screens use, at a moment before it takes place. What the rules refuse
(a public holiday, two visits at once) is left out, so that it works whatever day the house is made.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from permanence.agenda.operations import reasons, setting, visits
from permanence.agenda.operations.appointments import Booking, book
from permanence.agenda.operations.beginning import begin_agenda
from permanence.agenda.operations.blocks import block
from permanence.agenda.operations.series import SeriesPattern, book_series
from permanence.agenda.queries import agendas, slots
from permanence.agenda.queries.views import AgendaView, AppointmentView
from permanence.agenda.refusals import SlotRefused
from permanence.agenda.rules.kinds import Need, Opening, OpeningKind, VisitReason
from permanence.agenda.rules.usual import Trade
from permanence.agenda.rules.wishes import Wish
from permanence.callers import operations as callers
from permanence.clients import queries as clients
from permanence.clients.directory_queries import site_names
from permanence.foundation.who import Who
from permanence.project import demo_patients as persons
from permanence.project.demo_public import open_practice, open_to_patients
from permanence.project.demo_waiting import add_waiting

AROUND = timedelta(days=5), timedelta(days=12)
"""How far back and ahead an agenda is filled."""
AROUND_THE_CLOCK = timedelta(days=1), timedelta(days=7)
"""The same where every day is as long as two: the first start waits for each visit."""
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = range(5)
FOLLOW_UP, VACCINATION, CHECK_UP, DRESSING = "Suivi", "Vaccination", "Bilan de santé", "Soin ou pansement"
CONSULTATION = "Consultation"
ORDER = (CONSULTATION, FOLLOW_UP, CONSULTATION, VACCINATION, CONSULTATION, DRESSING, CONSULTATION, CHECK_UP)
"""For what one patient after the other comes."""
FULL_AT_FIRST, EMPTIER_BY, LEAST = 55, 3, 25
"""Percent of the slots that are booked today and before, how many less each day to come, and at least."""
CONFIRMED_EVERY = 4


@dataclass(slots=True)
class _Practice:
    """One client's agendas being filled by `by` as seen at `at`; `used` counts the ids of its acts, `coming`: who
    comes on a day.
    """

    client: str
    name: str
    zone: ZoneInfo
    by: Who
    at: datetime
    patients: tuple[str, ...] = ()
    reasons: dict[str, VisitReason] = field(default_factory=dict)
    used: int = 0
    coming: dict[date, set[str]] = field(default_factory=dict)

    def key(self) -> str:
        self.used += 1
        return f"demonstration-{self.client}-{self.used:06d}"

    @property
    def today(self) -> date:
        return self.day_of(self.at)

    def day_of(self, starts: datetime) -> date:
        return starts.astimezone(self.zone).date()

    def turn(self, day: date, place: int) -> str:
        """Whose turn it is then, from that place of the list on: who does not come that day yet; "" for nobody."""
        come, here = self.coming.get(day, set()), place % len(self.patients)
        return next((each for each in (*self.patients[here:], *self.patients[:here]) if each not in come), "")

    def moment(self, day: date, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(day, time(hour, minute), tzinfo=self.zone)


def add_agendas(*, by: Who, at: datetime) -> None:
    """Dr Weber's agenda, that of SOS Glacis and the two of the cabinet Dupont, with patients. `by`: a secretary."""
    _weber(_practice("Dr Weber", by, at))
    _sos(_practice("SOS Glacis", by, at))
    _dupont(_practice("Cabinet Dupont", by, at))


def _practice(name: str, by: Who, at: datetime) -> _Practice:
    view = next(each for each in clients.clients(house=by.house) if each.name == name)
    made = _Practice(client=view.id, name=name, zone=ZoneInfo(view.time_zone), by=by, at=at)
    made.patients = tuple(
        callers.add_patient(client=view.id, patient=key, form=form, by=by, at=at - timedelta(days=400)).id
        for key, form in persons.forms(name, country=view.country, language="fr")
    )
    return made


def _agenda(
    at_home: _Practice, recipient: str, *, overbookings: int = 1, closed_on_holidays: bool = True
) -> AgendaView:
    whose = next(
        each for each in clients.recipients(house=at_home.by.house, client=at_home.client) if each.name == recipient
    )
    made = begin_agenda(
        client=at_home.client,
        recipient=whose.id,
        name=recipient,
        trade=Trade.DOCTOR,
        language="fr",
        by=at_home.by,
        at=at_home.at,
    )
    at_home.reasons = {each.name: each for each in agendas.reasons(by=at_home.by, client=at_home.client)}
    return setting.change_agenda(
        agenda=made.id,
        name=recipient,
        step=15,
        closed_on_holidays=closed_on_holidays,
        overbookings_per_day=overbookings,
        active=True,
        by=at_home.by,
        at=at_home.at,
    )


type _Open = tuple[tuple[int, ...], str, str, dict[str, Any]]


def _open(practice: _Practice, agenda: AgendaView, *openings: _Open) -> None:
    week = [
        replace(Opening(id="", agenda=agenda.id, opens=opens, until=until), **{**more, "weekday": day})
        for days, opens, until, more in openings
        for day in days
    ]
    setting.set_openings(agenda=agenda.id, openings=week, by=practice.by, at=practice.at)


def _weber(practice: _Practice) -> None:
    agenda, by, at = _agenda(practice, "Dr Weber", overbookings=2), practice.by, practice.at
    setting.add_resource(client=practice.client, name="Salle de soins", kind="salle", by=by, at=at)
    setting.add_resource(client=practice.client, name="ECG", kind="ECG", by=by, at=at)
    tracing = reasons.set_reason(
        client=practice.client,
        reason=VisitReason(
            id="",
            client=practice.client,
            name="ECG",
            minutes=30,
            notice=120,
            needs=(Need(kind="ECG", after=5), Need(kind="salle")),
        ),
        by=by,
        at=at,
    )
    known_only: dict[str, Any] = {"new_patients": False}
    urgent: dict[str, Any] = {"kind": OpeningKind.SAME_DAY, "released_at": "07:30", "online": False}
    _open(
        practice,
        agenda,
        ((MONDAY,), "08:00", "09:00", {"kind": OpeningKind.WALK_IN}),
        ((MONDAY,), "09:00", "11:30", known_only),
        ((TUESDAY, THURSDAY), "08:00", "11:30", {}),
        ((WEDNESDAY, FRIDAY), "08:00", "11:30", known_only),
        (tuple(range(5)), "11:30", "12:00", urgent),
        ((MONDAY,), "14:00", "17:00", known_only),
        ((TUESDAY,), "14:00", "16:30", {}),
        ((WEDNESDAY,), "14:00", "17:00", {"kind": OpeningKind.HOME_VISIT, "travel": 15, "online": False}),
        ((THURSDAY,), "14:00", "15:00", {"kind": OpeningKind.TELE}),
    )
    open_to_patients(agenda, slug="dr-weber", by=by, at=at)
    _busy(practice, agenda, weekday=FRIDAY, words="Réunion du cercle de qualité")
    dressings = book_series(
        key=practice.key(),
        agendas=[agenda.id],
        pattern=SeriesPattern(first=practice.today + timedelta(days=1), days=(0, 7, 14, 21), tolerance=2),
        booking=Booking(patient=practice.patients[0], reason=practice.reasons[DRESSING].id),
        by=by,
        at=at,
    )
    for each in dressings.appointments:
        practice.coming.setdefault(practice.day_of(each.starts_at), set()).add(each.patient)
    _fill(practice, agenda, order=(*ORDER, tracing.name), by_reason={tracing.name: tracing})
    add_waiting(
        client=practice.client,
        written_to=practice.patients[4],
        telephoned=practice.patients[8],
        reason=practice.reasons[CONSULTATION].id,
        urgent_reason=practice.reasons[FOLLOW_UP].id,
        today=practice.today,
        by=by,
        at=at,
    )


def _sos(practice: _Practice) -> None:
    """Each day of the week, holidays too, late in the evening."""
    agenda = _agenda(practice, "Dr Roth", closed_on_holidays=False)
    every_day = tuple(range(7))
    _open(practice, agenda, (every_day, "09:00", "12:00", {}), (every_day, "18:00", "23:45", {}))
    _fill(practice, agenda, order=ORDER, around=AROUND_THE_CLOCK)


def _dupont(practice: _Practice) -> None:
    anne, marc = _agenda(practice, "Dr Anne Dupont"), _agenda(practice, "Dr Marc Lemaire", overbookings=0)
    sites = {name: key for key, name in site_names(house=practice.by.house, client=int(practice.client)).items()}
    here: dict[str, Any] = {"site": sites["Neudorf"]}
    there: dict[str, Any] = {"site": sites["Meinau"]}
    vaccines = {**here, "reasons": (practice.reasons[VACCINATION].id,), "online": False}
    _open(
        practice,
        anne,
        ((MONDAY, TUESDAY, THURSDAY, FRIDAY), "09:00", "12:00", here),
        ((WEDNESDAY,), "14:00", "15:30", vaccines),
    )
    monday = practice.today - timedelta(days=practice.today.weekday())
    saturday: dict[str, Any] = {**here, "every_weeks": 2, "anchor": monday, "new_patients": False}
    _open(
        practice,
        marc,
        ((MONDAY, TUESDAY, THURSDAY), "14:00", "16:30", here),
        ((WEDNESDAY,), "09:00", "12:00", there),
        ((5,), "08:30", "10:30", saturday),
    )
    open_to_patients(anne, slug="dr-dupont", by=practice.by, at=practice.at)
    open_to_patients(marc, slug="dr-lemaire", by=practice.by, at=practice.at)
    open_practice(practice.client, slug="cabinet-dupont", by=practice.by, at=practice.at)
    _busy(practice, anne, weekday=TUESDAY, words="Visite de l’école")
    _fill(practice, anne, order=ORDER)
    _fill(practice, marc, order=ORDER[1:])


def _busy(practice: _Practice, agenda: AgendaView, *, weekday: int, words: str) -> None:
    day = practice.today + timedelta(days=(weekday - practice.today.weekday()) % 7)
    block(
        key=practice.key(),
        agenda=agenda.id,
        starts_at=practice.moment(day, 10),
        ends_at=practice.moment(day, 11),
        words=words,
        by=practice.by,
        at=practice.at,
    )


def _fill(
    practice: _Practice,
    agenda: AgendaView,
    *,
    order: tuple[str, ...],
    by_reason: dict[str, VisitReason] | None = None,
    around: tuple[timedelta, timedelta] = AROUND,
) -> None:
    """Books, then says of what is over that it took place; one patient did not come, one is in the waiting room."""
    known = {**practice.reasons, **(by_reason or {})}
    booked = list(_booked(practice, agenda, order=order, known=known, around=around))
    over = [each for each in booked if each.ends_at <= practice.at]
    absent = over[len(over) // 2].appointment if over and practice.name == "Dr Weber" else ""
    for each in over:
        mark = visits.mark_no_show if each.appointment == absent else visits.mark_done
        mark(key=practice.key(), appointment=each.appointment, by=practice.by, at=each.ends_at)
    ahead = [each for each in booked if each.ends_at > practice.at]
    if practice.name == "Dr Weber" and ahead and practice.day_of(ahead[0].starts_at) == practice.today:
        visits.mark_arrived(key=practice.key(), appointment=ahead[0].appointment, by=practice.by, at=practice.at)
    for each in ahead[1::CONFIRMED_EVERY]:
        visits.confirm(key=practice.key(), appointment=each.appointment, by=practice.by, at=practice.at)


def _booked(
    practice: _Practice,
    agenda: AgendaView,
    *,
    order: tuple[str, ...],
    known: dict[str, VisitReason],
    around: tuple[timedelta, timedelta],
) -> Iterator[AppointmentView]:
    first, until = practice.today - around[0], practice.today + around[1]
    early = practice.moment(first - timedelta(days=2), 9)
    wish = Wish(reason=known[CONSULTATION].id)
    free = slots.free_days(by=practice.by, agenda=agenda.id, wish=wish, first=first, until=until, at=early).slots
    taken_until, number, place = early, 0, int(agenda.id) * 7
    for slot in free:
        if slot.starts < taken_until:
            continue
        number += 1
        taken_until = slot.ends
        days = max((practice.day_of(slot.starts) - practice.today).days, 0)
        if number * 37 % 100 >= max(FULL_AT_FIRST - EMPTIER_BY * days, LEAST):
            continue
        place += 1
        visit = _visit(practice, agenda, slot.starts, known[order[place % len(order)]], place)
        if visit is not None:
            taken_until = visit.ends_at
            yield visit


def _visit(
    practice: _Practice, agenda: AgendaView, starts: datetime, reason: VisitReason, place: int
) -> AppointmentView | None:
    day = practice.day_of(starts)
    patient = practice.turn(day, place)
    if not patient:
        return None
    asked = min(starts - timedelta(days=3 + place % 5, minutes=place % 50), practice.at - timedelta(minutes=place % 50))
    try:
        visit = book(
            key=practice.key(),
            agenda=agenda.id,
            starts_at=starts,
            booking=Booking(patient=patient, reason=reason.id),
            by=practice.by,
            at=asked,
        )
    except SlotRefused:
        return None
    practice.coming.setdefault(day, set()).add(patient)
    return visit
