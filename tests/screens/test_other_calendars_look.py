# SPDX-License-Identifier: AGPL-3.0-or-later
"""The calendars that an agenda has elsewhere, as doctor, owner and secretary see them: read, old, met and changed."""

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.test_agenda_setting_look import AGENDAS
from tests.screens.test_staff_look import in_the_house, signed_in

CALENDARS = """
from datetime import timedelta
from permanence.agenda.models import Agenda, Appointment, OtherBusy, OtherCalendar, OtherEntry
from permanence.kernel.system import SystemClock
at, row = SystemClock().now(), Agenda.objects.get(name="Dr Weber")
same = {"house_id": row.house_id, "client_id": row.client_id, "agenda": row}
kept = {"made_by_name": "Anne Weber", "made_at": at, "next_at": at + timedelta(days=1), "looked_at": at, **same}
visits = Appointment.objects.filter(agenda=row, starts_at__gt=at, state="booked").order_by("starts_at")[:3]
read = OtherCalendar.objects.create(kind="feed", label="Cabinet d’Arlon", host="calendar.example", read_at=at,
    unread=2, **kept)
OtherCalendar.objects.create(kind="feed", label="Garde", host="garde.example", fault="unreachable", failures=9,
    read_at=at - timedelta(hours=3), **kept)
OtherCalendar.objects.create(kind="feed", label="Enseignement", host="faculte.example", fault="login", **kept)
dav = OtherCalendar.objects.create(kind="caldav", label="iPhone", host="caldav.example", read_at=at, writes=True,
    **kept)
for visit in visits[:2]:
    OtherBusy.objects.create(calendar=read, starts_at=visit.starts_at, ends_at=visit.ends_at, **same)
OtherEntry.objects.create(calendar=dav, appointment=visits[2], name="x.ics", conflict=True, written_at=at, **same)
print(row.client_id, row.pk)
"""


async def test_the_calendars_of_an_agenda(browser: Browser, site: Site) -> None:
    in_the_house(site, AGENDAS)
    client, agenda = in_the_house(site, CALENDARS).split()
    doctor = await signed_in(
        browser, site, cast.WEBER, f"/portal/line/{client}/agenda/{agenda}/calendars", locale="fr-FR"
    )
    await expect(doctor.page.locator("#t-conflicts")).to_be_visible()
    for more in await doctor.page.locator("details").all():
        await more.evaluate("each => { each.open = true; }")
    await looks_right(doctor, "other-calendars-portal", ("390", "1366"))
    marc = await signed_in(browser, site, cast.MARC, f"/backstage/accounts/{client}/agendas/{agenda}/calendars")
    await expect(marc.page.locator("#t-calendars")).to_be_visible()
    await looks_right(marc, "other-calendars", ("1366",))
    await marc.page.locator("button[value=remove]").nth(1).click()
    await expect(marc.page.locator(".notice--info")).to_be_visible()
    await marc.page.goto(f"{site.url}/backstage/accounts/{client}/agendas/{agenda}/import")
    await looks_right(marc, "agenda-import", ("1366",))
    claire = await signed_in(browser, site, cast.CLAIRE, "/console/follow-ups")
    await expect(claire.page.locator("#t-collisions")).to_be_visible()
    await looks_right(claire, "booked-and-busy", ("1366",))
