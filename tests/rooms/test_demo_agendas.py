# SPDX-License-Identifier: AGPL-3.0-or-later
"""The agendas of the demonstration house: half full around today, whatever day that is."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from permanence.agenda.models import Appointment, Series
from permanence.agenda.operations import waiting_offers
from permanence.agenda.queries import agendas, appointments, days, public, slots, waiting
from permanence.agenda.rules.states import AppointmentState
from permanence.agenda.rules.wishes import Wish
from permanence.callers import queries as callers
from permanence.callers.models import Patient
from permanence.clients import queries
from permanence.project import demo_cast
from permanence.project.demo_knowledge import load_demonstration
from tests.rooms.conftest import NOW, person

pytestmark = pytest.mark.django_db

SUNDAY = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
"""The night clocks go forward in Luxembourg and Strasbourg."""
YEAR_END = datetime(2026, 12, 31, 22, 59, tzinfo=UTC)


def shown(at):
    by = person(demo_cast.CLAIRE)
    found = agendas.agendas(by=by)
    today = at.astimezone(ZoneInfo("Europe/Paris")).date()
    weeks = {
        each.name: [
            days.week(by=by, agenda=each.id, first=today + timedelta(days=shift), at=at) for shift in (-7, 0, 7)
        ]
        for each in found
    }
    return by, found, weeks


def half_full(by, found, weeks, at):
    assert [each.name for each in found] == ["Dr Anne Dupont", "Dr Marc Lemaire", "Dr Weber", "Dr Roth"]
    for agenda in found:
        past, now, _ = weeks[agenda.name]
        assert past.appointments
        wish = Wish(reason=agendas.reasons(by=by, client=agenda.client)[0].id)
        free = slots.free_days(by=by, agenda=agenda.id, wish=wish, first=now.first, until=now.until, at=at).slots
        open_minutes = sum((each.ends - each.starts).total_seconds() for each in now.openings) / 60
        booked = sum((each.ends_at - each.starts_at).total_seconds() for each in now.appointments) / 60
        assert free
        assert 0.2 < booked / open_minutes < 0.8, agenda.name
    nobody_comes_twice_a_day(found, weeks)


def nobody_comes_twice_a_day(found, weeks):
    zone = ZoneInfo("Europe/Paris")
    clients = {each.name: each.client for each in found}
    came = Counter(
        (clients[name], visit.patient_name, visit.starts_at.astimezone(zone).date())
        for name, weeks_of in weeks.items()
        for week in weeks_of
        for visit in week.appointments
    )
    assert [who for who, times in came.items() if times > 1] == []


@pytest.mark.parametrize("at", [SUNDAY, YEAR_END], ids=["the-night-clocks-change", "new-year"])
def test_four_agendas_are_half_full_whenever_it_is_made(entropy, at):
    load_demonstration(at=at, entropy=entropy)
    half_full(*shown(at), at)


def test_all_that_happens_in_a_practice_is_there(demonstration, entropy, deliver_all):
    by, found, weeks = shown(NOW)
    half_full(by, found, weeks, NOW)
    everything = [visit for found in weeks.values() for week in found for visit in week.appointments]
    states = Counter(each.state for each in everything)
    assert states[AppointmentState.NO_SHOW] == 1
    assert states[AppointmentState.DONE] > 15
    assert states[AppointmentState.ARRIVED] == 1
    assert states[AppointmentState.CONFIRMED] >= 1
    assert not [each for each in everything if each.state is AppointmentState.BOOKED and each.ends_at < NOW]
    assert not [each for each in everything if each.state is AppointmentState.DONE and each.starts_at > NOW]
    [series] = Series.objects.all()
    assert (series.wanted, series.missing) == (4, [])
    assert [block for found in weeks.values() for week in found for block in week.blocks]
    client = next(each for each in queries.clients(house="demo") if each.name == "Cabinet Dupont")
    [absence] = queries.absences(house="demo", client=client.id, at=NOW)
    assert appointments.in_absence(by=by, client=client.id, absence=absence.id, at=NOW)
    for slug in ("dr-weber", "dr-dupont", "dr-lemaire"):
        assert public.page(slug).offers[0].reasons
    practice = public.page("cabinet-dupont")
    assert (len(practice.offers), bool(practice.shared)) == (2, True)
    # two wait, and nobody was offered what was free before they did
    waits = waiting.waiting_list(by=by, at=NOW)
    assert [(each.turn, each.is_urgent, each.person.may_sms) for each in waits] == [(1, True, False), (2, False, True)]
    deliver_all(NOW)
    assert waiting_offers.pursue_due(at=NOW, entropy=entropy) == 0
    assert len(waiting.waiting_list(by=by, at=NOW)) == 2
    # the room and the ECG
    weber = next(each for each in agendas.agendas(by=by) if each.name == "Dr Weber")
    assert {each.kind for each in agendas.resources(by=by, client=weber.client)} == {"salle", "ECG"}
    [tracing] = [each for each in agendas.reasons(by=by, client=weber.client) if each.needs]
    assert Appointment.objects.filter(reason=int(tracing.id)).exists()
    # the patients, each once
    assert Patient.objects.count() == 58
    names = list(Patient.objects.values_list("client", "birth_name", "first_name"))
    assert len(set(names)) == 58
    assert Patient.objects.filter(no_shows__gt=0).count() == 1
    row = Patient.objects.get(birth_name__iexact="Brandel")
    view = callers.patient(house="demo", client=str(row.client_id), patient=str(row.pk))
    assert (view.birth_date, view.numbers, view.known) == ("1958-04-17", ("+352621000201",), True)
