# SPDX-License-Identifier: AGPL-3.0-or-later
"""A practice in a story: the cabinet Dupont with an agenda, its patients with their telephones, and the SMS between.

The provider of SMS is a real server on loopback; its receipts and the patients' answers come in as it brings them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.operations import appointments, offer_answers, reasons, setting, waiting_list, waiting_offers
from permanence.agenda.operations import day as day_acts
from permanence.agenda.operations.appointments import Booking
from permanence.agenda.operations.series import SeriesPattern, SeriesView, book_series
from permanence.agenda.operations.waiting_list import Waits
from permanence.agenda.queries import appointments as kept
from permanence.agenda.queries import days, waiting
from permanence.agenda.queries.follow_ups import open_follow_ups
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules import kinds
from permanence.agenda.rules.follow_ups import Wanted
from permanence.agenda.rules.states import CancelCause
from permanence.callers import operations as callers
from permanence.callers.rules.form import PatientForm
from permanence.callers.rules.identity import ContactWay
from permanence.clients import absences
from permanence.clients import queries as clients
from permanence.dispatch import (
    answer_operations,
    late_operations,
    late_tasks,
    offer_tasks,
    reminder_tasks,
    sms_operations,
    sms_tasks,
)
from permanence.dispatch.channels.sms.http import Incoming, Report
from permanence.dispatch.models import Sms
from permanence.dispatch.rules import UnreachedOutcome
from permanence.dispatch.unreached_operations import settle_unreached
from permanence.dispatch.unreached_queries import late_reach, open_unreached
from permanence.foundation.who import Who
from tests.rooms.test_sms import Provider
from tests.stories import cast
from tests.stories.edges import SeededEntropy
from tests.stories.mailbox import Relay
from tests.stories.office import Office

PARIS = ZoneInfo("Europe/Paris")
HOURS = (("08:00", "12:00"), ("14:00", "18:00"))


class Practice(Office):
    """The house at work, and the agenda of Dr Anne Dupont: Monday to Friday, 8 to 12 and 14 to 18, 20 minutes each."""

    def __init__(self, at: datetime, relay: Relay, provider: Provider) -> None:
        super().__init__(at, relay)
        self.provider = provider
        self.client = next(each.id for each in clients.clients(house=cast.HOUSE) if each.name == "Cabinet Dupont")
        doctor = next(
            each.id
            for each in clients.recipients(house=cast.HOUSE, client=self.client)
            if each.name == "Dr Anne Dupont"
        )
        self.by: Who = self.claire.who
        wanted = kinds.VisitReason(id="", client=self.client, name="Consultation", minutes=20)
        self.reason = reasons.set_reason(client=self.client, reason=wanted, by=self.by, at=at).id
        self.agenda = setting.open_agenda(
            client=self.client, recipient=doctor, name="Dr Anne Dupont", by=self.by, at=at
        ).id
        week = [
            kinds.Opening(id="", agenda=self.agenda, weekday=day, opens=opens, until=until)
            for day in range(5)
            for opens, until in HOURS
        ]
        setting.set_openings(agenda=self.agenda, openings=week, by=self.by, at=at)
        self._keys = 0
        self.works()

    def key(self) -> str:
        """An id as a page makes it."""
        self._keys += 1
        return f"story-act-{self._keys:012}"

    def works(self) -> None:
        """The worker's round, with the waiting list, the SMS and the mails to patients."""
        for _turn in range(2):  # what is told in the first is heard in the second
            super().works()
            at = self.clock.now()
            waiting_offers.pursue_due(at=at, entropy=SeededEntropy(self.key()))
            super().works()
            reminder_tasks.run_reminders(at=at, relay=self.relay.settings)
            offer_tasks.run_offers(at=at, relay=self.relay.settings)
            late_tasks.run_late(at=at, relay=self.relay.settings)
            sms_tasks.run_sms(at=at)

    def patient(self, name: str, number: str, *, sms: bool = True) -> "Patient":
        """Somebody the practice knows, who agreed to SMS or not."""
        at = self.clock.now()
        form = PatientForm(used_name=name, birth_date="14031961", numbers=(number,))
        key = callers.add_patient(client=self.client, patient=self.key(), form=form, by=self.by, at=at).id
        if sms:
            callers.note_consent(
                client=self.client, patient=key, way=ContactWay.SMS.value, given=True, by=self.by, at=at
            )
        return Patient(self, key, name, number)

    def calls(self, patient: "Patient") -> None:
        """He telephones, and Claire answers in the practice's name."""
        if not self.claire.page:
            self.claire.sits_down()
        self.on_the_line = self.caller(patient.number).dials(cast.DUPONT_LINE)
        self.claire.answers()
        assert self.on_the_line.hears("Claire")

    def hangs_up(self, outcome: str) -> None:
        """The call is over, and what came of it is said."""
        self.on_the_line.hangs_up()
        self.claire.wraps_up(outcome)
        self.works()

    def books(self, patient: "Patient", at: datetime) -> AppointmentView:
        """Claire books him."""
        booking = Booking(patient=patient.id, reason=self.reason)
        made = appointments.book(
            key=self.key(), agenda=self.agenda, starts_at=at, booking=booking, by=self.by, at=self.clock.now()
        )
        self.works()
        return made

    def cancels(self, visit: AppointmentView) -> None:
        """The patient does not come."""
        appointments.cancel(
            key=self.key(), appointment=visit.appointment, cause=CancelCause.PATIENT, by=self.by, at=self.clock.now()
        )
        self.works()

    def books_series(self, patient: "Patient", *, first: date, days_after: Sequence[int]) -> SeriesView:
        """Claire books several visits in one act."""
        pattern = SeriesPattern(first=first, days=tuple(days_after))
        booking = Booking(patient=patient.id, reason=self.reason)
        made = book_series(
            key=self.key(), agendas=[self.agenda], pattern=pattern, booking=booking, by=self.by, at=self.clock.now()
        )
        self.works()
        return made

    def asks(self, question: str) -> str:
        """From now on the practice asks something that may forbid the visit; the question's id."""
        found = kinds.Question(id="q-story", text=question)
        wanted = kinds.VisitReason(
            id=self.reason, client=self.client, name="Consultation", minutes=20, contra_indications=(found,)
        )
        reasons.set_reason(client=self.client, reason=wanted, by=self.by, at=self.clock.now())
        self.works()
        return found.id

    def puts_on_list(self, patient: "Patient", *, weeks: int = 4, said: Mapping[str, str] | None = None) -> None:
        """He wants an earlier time: Claire puts him on the waiting list, and asks him what comes before the visit."""
        today = self.clock.now().astimezone(PARIS).date()
        waits = Waits(
            patient=patient.id,
            reason=self.reason,
            from_date=today,
            until_date=today + timedelta(weeks=weeks),
            said=said,
        )
        waiting_list.put_on_list(key=self.key(), client=self.client, waits=waits, by=self.by, at=self.clock.now())
        self.works()

    def doctor_is_late(self, minutes: int) -> None:
        """Dr Dupont says it on her telephone, and has her patients told."""
        at, by = self.clock.now(), self.dr_dupont.who
        day_acts.say_late(agenda=self.agenda, minutes=minutes, by=by, at=at)
        late_operations.tell_late(
            key=self.key(), agenda=self.agenda, minutes=minutes, by=by, at=at, entropy=SeededEntropy(f"late {at}")
        )
        self.works()

    def day_of_doctor(self, day: date) -> list[tuple[str, str]]:
        """Who comes that day, as Dr Dupont sees it: the hour in Paris and the name."""
        [shown] = days.day(by=self.dr_dupont.who, agendas=[self.agenda], day=day, at=self.clock.now())
        return [(f"{each.starts_at.astimezone(PARIS):%H:%M}", each.patient_name) for each in shown.appointments]

    def visits_of(self, day: date) -> tuple[AppointmentView, ...]:
        """The visits of that day, as they stand."""
        [shown] = days.day(by=self.dr_dupont.who, agendas=[self.agenda], day=day, at=self.clock.now())
        return tuple(shown.appointments)

    def said_before(self, visit: AppointmentView) -> list[tuple[str, str]]:
        """What was asked before a visit was booked, and what was said, as Dr Dupont reads it."""
        told = kept.answers(by=self.dr_dupont.who, appointment=visit.appointment)
        return [(each.question, each.words) for each in told]

    def to_telephone(self) -> list[str]:
        """Whom Claire's list says to telephone because nothing reached them."""
        return [each.visit.patient_name for each in open_unreached(by=self.by, at=self.clock.now())]

    def telephones(self, name: str) -> None:
        """Claire telephones somebody of her list, and he knows now."""
        at = self.clock.now()
        entry = next(each for each in open_unreached(by=self.by, at=at) if each.visit.patient_name == name)
        settle_unreached(unreached=entry.id, outcome=UnreachedOutcome.TOLD, by=self.by, at=at)
        self.works()

    def doctor_is_away(self, day: date, wanted: Wanted) -> str:
        """Dr Dupont says on her telephone that she is away that day, and what becomes of her patients; its id."""
        at, by = self.clock.now(), self.dr_dupont.who
        starts = datetime(day.year, day.month, day.day, tzinfo=PARIS)
        absence = absences.announce_absence(
            client=self.client,
            starts=starts,
            ends=starts + timedelta(days=1),
            words="Le cabinet est fermé.",
            announced_by=by.person,
            by=by,
            at=at,
        )
        day_acts.ask_follow_up(client=self.client, absence=absence, wanted=wanted, by=by, at=at)
        self.works()
        return absence

    def doctor_is_there_after_all(self, absence: str) -> None:
        """Dr Dupont takes the absence back."""
        absences.withdraw_absence(client=self.client, absence=absence, by=self.dr_dupont.who, at=self.clock.now())
        self.works()

    def to_look_after(self) -> list[tuple[str, str]]:
        """Claire's list of who is booked in an absence: the name, and what the doctor wants."""
        return [(each.visit.patient_name, each.wanted.value) for each in open_follow_ups(by=self.by)]

    def moves(self, visit: AppointmentView, at: datetime) -> None:
        """Claire finds him another time."""
        now = self.clock.now()
        appointments.move(
            key=self.key(), appointment=visit.appointment, agenda=self.agenda, starts_at=at, by=self.by, at=now
        )
        self.works()

    def doctor_sees_told(self) -> dict[str, str]:
        """How far the news of her delay came, by patient: its state, or who telephoned."""
        at, by = self.clock.now(), self.dr_dupont.who
        found = late_reach(agenda=self.agenda, by=by, at=at)
        coming = late_operations.concerned(agenda=self.agenda, by=by, at=at)
        return {
            each.patient_name: found[each.appointment].by_name or found[each.appointment].state.value for each in coming
        }

    def waiting_to_telephone(self) -> list[str]:
        """To whom of the waiting list Claire is to offer a time by telephone."""
        return [each.person.name for each in waiting.to_telephone(by=self.by, at=self.clock.now())]

    def offer_is_taken_by_telephone(self, said: Mapping[str, str] | None = None) -> None:
        """Claire telephones the first of them, asks what nobody asked him, and he takes it."""
        at = self.clock.now()
        offer = waiting.to_telephone(by=self.by, at=at)[0].open_offer
        assert offer is not None
        offer_answers.take(offer=offer.offer, said=said, by=self.by, at=at)
        self.works()

    def clock_to(self, moment: datetime) -> None:
        """Lets the time go by until then."""
        self.forward((moment - self.clock.now()).total_seconds())

    def closes_agenda_of(self, day: date) -> None:
        """Dr Dupont does not receive that day."""
        closed = kinds.ExceptionKind.CLOSED
        setting.set_exception(
            agenda=self.agenda, day=day, kind=closed, by=self.dr_dupont.who, at=self.clock.now(), label="Congrès"
        )


@dataclass
class Patient:
    """A patient with his telephone."""

    practice: Practice
    id: str
    name: str
    number: str
    _read: int = field(default=0, init=False)

    def gets_sms(self) -> str:
        """The SMS that has come since he looked last; there is exactly one."""
        told = [
            each["text"]
            for _path, _headers, body in self.practice.provider.asked
            for each in json.loads(body)["messages"]
            if each["to"] == self.number
        ]
        new, self._read = told[self._read :], len(told)
        assert len(new) == 1, new
        return str(new[0])

    def gets_nothing(self) -> None:
        """No SMS has come since he looked last."""
        told = [body for _path, _headers, body in self.practice.provider.asked if self.number.encode() in body]
        assert len(told) == self._read, told

    def answers(self, text: str) -> None:
        """He answers the SMS."""
        at = self.practice.clock.now()
        assert answer_operations.take_reply(
            Incoming(number=self.number, text=text), at=at, entropy=SeededEntropy(f"answer {at}")
        )
        self.practice.works()

    def is_out_of_reach(self) -> None:
        """The provider says that his last SMS did not arrive."""
        row = Sms.objects.filter(number=self.number).latest("pk")
        Sms.objects.filter(pk=row.pk).update(provider_id=f"of {self.name}")  # the test's provider names all of them P1
        report = Report(id=f"of {self.name}", delivered=False, why="absent subscriber")
        assert sms_operations.take_report(report, at=self.practice.clock.now())
        self.practice.works()
