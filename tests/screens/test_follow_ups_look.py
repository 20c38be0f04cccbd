# SPDX-License-Identifier: AGPL-3.0-or-later
"""The list of who is late, who is booked in an absence, and who meets busy time elsewhere: on a telephone too."""

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.test_waiting_list import OFFERED, signed_in

AWAY = """
from datetime import UTC, datetime, timedelta
from permanence.agenda.models import Agenda
from permanence.agenda.operations import appointments, through_interface
from permanence.agenda.operations.appointments import Booking
from permanence.agenda.operations.day import ask_follow_up, say_late
from permanence.agenda.queries import agendas
from permanence.agenda.rules.follow_ups import Wanted
from permanence.agenda.rules.states import Door
from permanence.callers.models import Patient
from permanence.callers.rules.form import PatientForm
from permanence.clients import absences
from permanence.foundation.models import Person
from permanence.foundation.who import who_is
from permanence.project import demo_cast
def person(email):
    return who_is(Person.objects.select_related("house").get(email=email))
doctor, claire, at = person(demo_cast.WEBER), person(demo_cast.CLAIRE), datetime.now(UTC)
agenda = Agenda.objects.get(name="Dr Weber")
client = str(agenda.client_id)
reason = next(each.id for each in agendas.reasons(by=claire, client=client) if each.name == "Électrocardiogramme")
nine = (at + timedelta(days=5)).replace(hour=9, minute=0, second=0, microsecond=0)
for number, name in enumerate(("Hoffmann", "Martin")):
    patient = str(Patient.objects.get(client=agenda.client_id, used_name=name).pk)
    appointments.book(key=f"visit-{number:020d}", agenda=str(agenda.pk), starts_at=nine + timedelta(hours=number),
                      booking=Booking(patient=patient, reason=reason), by=claire, at=at)
absence = absences.announce_absence(client=client, starts=nine - timedelta(hours=1), ends=nine + timedelta(hours=9),
                                    words="Le docteur est absent.", announced_by=doctor.person, by=doctor, at=at)
ask_follow_up(client=client, absence=absence, wanted=Wanted.CANCEL, by=doctor, at=at,
              words="Dites-leur que le Dr Klein reçoit ce jour-là, sans rendez-vous, de huit heures à midi.")
later = nine + timedelta(days=3)
patient = str(Patient.objects.get(client=agenda.client_id, used_name="Martin").pk)
appointments.book(key="visit-later-00000000", agenda=str(agenda.pk), starts_at=later,
                  booking=Booking(patient=patient, reason=reason), by=claire, at=at)
absences.announce_absence(client=client, starts=later - timedelta(hours=1), ends=later + timedelta(hours=9),
                          words="Le docteur est absent.", announced_by=doctor.person, by=doctor, at=at)
through_interface.book(key="newcomer-00000000000", agenda=str(agenda.pk), starts_at=nine + timedelta(days=1),
                       booking=Booking(patient="", reason=reason, door=Door.API, new_here=True),
                       newcomer=PatientForm(used_name="Hoffmann", first_name="Jeanne", birth_date="14.03.1961"),
                       by=claire, at=at)
say_late(agenda=str(agenda.pk), minutes=45, by=doctor, at=at)
"""


async def test_what_is_to_be_looked_after_fits_a_telephone(browser: Browser, site: Site) -> None:
    agendas.make(site)
    site.run(OFFERED)
    site.run(AWAY)
    screen = await signed_in(browser, site, cast.CLAIRE, width=390, height=844, lands="console")
    await screen.page.goto(f"{site.url}/console/follow-ups")
    rows = screen.page.locator("tbody tr")
    await expect(rows).to_have_count(2)
    await expect(screen.page.locator("#t-left")).to_be_visible()
    await expect(screen.page.locator("#t-newcomers")).to_be_visible()
    await looks_right(screen, "follow-ups", ("390", "1366"))
    await screen.page.set_viewport_size({"width": 390, "height": 844})
    await rows.last.scroll_into_view_if_needed()
    await screen.shot("follow-ups-rows-390")
    # Nothing of a row is beside what is seen: no table that scrolls on its own either.
    beside = await rows.evaluate_all(
        """(rows) => rows.flatMap((row) => [...row.querySelectorAll("td, button")])
          .filter((each) => each.getBoundingClientRect().right > window.innerWidth).map((each) => each.innerText)"""
    )
    assert beside == []
    left, kept = screen.page.locator("#t-left"), screen.page.locator("section:has(#t-kept)")
    await screen.page.locator("section:has(#t-left)").get_by_role("button", name="MARTIN").click()
    await expect(left).to_have_count(0)
    await expect(kept).to_contain_text("MARTIN Paul")
    await looks_right(screen, "follow-ups-kept", ("390", "1366"))
    await kept.get_by_role("button", name="MARTIN").click()
    await expect(left).to_be_visible()
    await expect(kept).to_have_count(0)
    await rows.get_by_role("button", name="HOFFMANN").first.click()
    await expect(rows).to_have_count(1)
    called = screen.page.locator("section:has(#t-called)")
    await expect(called).to_contain_text("HOFFMANN")
    # Cancelling is asked first, on a telephone too.
    await screen.page.set_viewport_size({"width": 390, "height": 844})
    cancel = rows.locator("button[value=cancelled]")
    await expect(cancel).to_be_hidden()
    await rows.locator("summary").click()
    await cancel.scroll_into_view_if_needed()
    await looks_right(screen, "follow-ups-cancel", ("390", "1366"))
    await cancel.click()
    await expect(rows).to_have_count(0)
    assert screen.complaints == []


async def test_the_console_s_menu_says_how_much_is_to_be_done(browser: Browser, site: Site) -> None:
    agendas.make(site)
    screen = await signed_in(browser, site, cast.CLAIRE, width=1366, height=768, lands="console")
    entry = screen.page.locator("nav a", has_text="Retards, absences")
    await expect(entry).to_be_visible()
    await expect(entry.locator(".badge")).to_have_count(0)
    site.run(AWAY)
    await screen.page.reload()
    # Two booked in one absence, one in another of which nobody has said anything, one who may be known.
    await expect(entry.locator(".badge")).to_have_text("4 à faire")
    await looks_right(screen, "follow-ups-count", ("390", "1366"))
    other = await screen.page.context.new_page()
    await other.goto(f"{site.url}/console/follow-ups")
    await other.locator("tbody tr button[value=kept]").first.click()
    await expect(other.locator("tbody tr")).to_have_count(1)
    await other.close()
    await screen.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(entry.locator(".badge")).to_have_text("3 à faire", timeout=40000)
    assert screen.complaints == []
