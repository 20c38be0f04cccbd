# SPDX-License-Identifier: AGPL-3.0-or-later
"""An owner sets an agenda: the pages as they look, and what a change brings before it is saved."""

from datetime import timedelta

from playwright.async_api import Browser, expect

from permanence.kernel.system import SystemClock
from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.test_staff_look import signed_in

AGENDAS = """
from permanence.foundation.models import Person
from permanence.foundation.operations import house_system
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemClock
from permanence.project import demo_cast
from permanence.project.demo_agendas import add_agendas
from permanence.project.demo_house import HOUSE, Maker
from permanence.project.demo_sos import add_night_practice
add_night_practice(Maker(house_system(house=HOUSE), SystemClock().now()))
add_agendas(by=who_is(Person.objects.select_related("house").get(email=demo_cast.CLAIRE)), at=SystemClock().now())
from permanence.agenda.models import Agenda
row = Agenda.objects.get(name="Dr Weber")
print(row.client_id, row.pk)
"""

ABSENCE = """
from datetime import timedelta
from permanence.agenda.models import Appointment
from permanence.clients import absences
from permanence.foundation.models import Person
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemClock
from permanence.project import demo_cast
by, at = who_is(Person.objects.select_related("house").get(email=demo_cast.WEBER)), SystemClock().now()
row = Appointment.objects.filter(agenda__name="Dr Weber", starts_at__gt=at + timedelta(days=2)).order_by("starts_at")[0]
print(absences.announce_absence(client=str(row.client_id), starts=row.starts_at, ends=row.starts_at + timedelta(days=2),
    words="Congrès", announced_by=by.person, by=by, at=at), row.starts_at.date())
"""


async def test_an_owner_sets_an_agenda(browser: Browser, site: Site) -> None:
    client, agenda = site.run(AGENDAS).split()
    marc = await signed_in(browser, site, cast.MARC, f"/backstage/accounts/{client}/agendas")
    page = marc.page
    await expect(page.locator(".setting__week").first).to_be_visible()
    await looks_right(marc, "agendas", ("1366", "390"))
    await page.goto(f"{site.url}/backstage/accounts/{client}/agendas/{agenda}")
    await looks_right(marc, "agenda", ("1366",))
    await page.locator(".setting__day a").nth(2).click()
    await looks_right(marc, "agenda-opening", ("1366", "390"))
    await page.locator("#id_hours").fill("8-9")
    await page.locator("button[name=do][value=check]").click()
    await expect(page.locator("#effect")).to_be_visible()
    await page.set_viewport_size({"width": 1366, "height": 768})
    assert await page.locator("#effect .table-scroll").evaluate("box => box.scrollWidth <= box.clientWidth")
    await looks_right(marc, "agenda-opening-effect", ("1366", "390"))
    await page.locator("button[name=do][value=save]").click()
    await expect(page.locator(".notice--info")).to_be_visible()
    await page.goto(f"{site.url}/backstage/accounts/{client}/agendas/{agenda}/days/new")
    await page.locator("#id_kind").select_option("one_off")
    await page.locator("#id_hours").fill("9-12")
    await page.locator("#id_day").fill((SystemClock().now() + timedelta(days=9)).date().isoformat())
    await page.locator(".setting__more summary").click()
    await page.locator("#id_hours_kind").select_option("tele")
    await page.locator("button[name=do][value=check]").click()
    await expect(page.locator("#id_hours_kind")).to_have_value("tele")
    await looks_right(marc, "agenda-day-differs", ("1366", "390"))
    await page.goto(f"{site.url}/backstage/accounts/{client}/agendas")
    await page.locator(".setting__list a").first.click()
    await looks_right(marc, "agenda-reason", ("1366", "390"))
    await page.locator("a[href$='/retire']").click()
    await looks_right(marc, "agenda-retire", ("1366",))


async def test_a_doctor_keeps_his_day_on_his_telephone(browser: Browser, site: Site) -> None:
    client, agenda = site.run(AGENDAS).split()
    absence, booked = site.run(ABSENCE).split()
    doctor = await signed_in(browser, site, cast.WEBER, f"/portal/line/{client}/agenda/{agenda}", locale="de-DE")
    page = doctor.page
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(f"{site.url}/portal/line/{client}/agenda/{agenda}?day={booked}")
    await expect(page.locator(".visits__row").first).to_be_visible()
    await looks_right(doctor, "visits", ("390", "1366"))
    await page.goto(f"{site.url}/portal/line/{client}")
    await page.locator(f"a[href$='/absences/{absence}/booked']").click()
    await expect(page.locator(".notice--warn")).to_be_visible()
    await looks_right(doctor, "portal-booked", ("390",))
    await page.goto(f"{site.url}/portal/line/{client}/agenda/{agenda}")
    await page.locator("summary", has=page.locator("#t-late")).click()
    await page.locator("button[name=minutes][value='20']").click()
    await expect(page.locator("#late")).to_be_visible()
    await looks_right(doctor, "visits-late", ("390",))
    await page.goto(f"{site.url}/portal/line/{client}/agenda/{agenda}/setting")
    await looks_right(doctor, "portal-setting", ("390",))
    await page.locator(".setting__day a").nth(2).click()
    await page.locator("#id_hours").fill("8-9")
    await page.locator("button[name=do][value=check]").click()
    await expect(page.locator("#effect")).to_be_visible()
