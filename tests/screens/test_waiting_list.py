# SPDX-License-Identifier: AGPL-3.0-or-later
"""The waiting list on screen: put on it with two keys, the list, the work list, the doctor's, and the offer's page."""

from datetime import timedelta

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.agenda_desk import book_at, day_of, for_a_scan, jeanne_tomorrow, ready_to_book
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import Screen
from tests.screens.test_public_booking import phone

WAITING = "select state, half_days, is_urgent from agenda_waitingplace order by id"
OFFERED = """
from datetime import UTC, datetime, timedelta
from permanence.agenda.models import Agenda, SlotHold, SlotOffer
from permanence.agenda.operations import waiting_list, waiting_offers
from permanence.agenda.operations.waiting_list import Waits
from permanence.agenda.queries import offers
from permanence.callers.models import Patient
from permanence.agenda.models import VisitReason
from permanence.foundation.operations import house_system
from permanence.kernel.system import SystemEntropy
by, now = house_system(house="demo"), datetime.now(UTC)
noon = (now - timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
agenda = Agenda.objects.get(name="Dr Weber")
reason = VisitReason.objects.get(client=agenda.client_id, name="Consultation")
far = noon + timedelta(days=4)
def wait(key, name, **more):
    patient = Patient.objects.get(client=agenda.client_id, used_name=name)
    waits = Waits(patient=str(patient.pk), reason=str(reason.pk), from_date=noon.date(),
                  until_date=noon.date() + timedelta(days=60), **more)
    waiting_list.put_on_list(key=key, client=str(agenda.client_id), waits=waits, by=by, at=noon - timedelta(hours=1))
wait("w" * 20, "Hoffmann")
wait("x" * 20, "Martin", is_urgent=True)
def free(source, starts):
    span = {"starts_at": starts, "ends_at": starts + timedelta(minutes=40)}
    key = waiting_offers.note_freed(house="demo", agenda=str(agenda.pk), source=source, at=noon, **span)
    waiting_offers.pursue(freed=key, at=noon, entropy=SystemEntropy())
free("far", far)
offered = list(SlotOffer.objects.order_by("pk"))
until = now + timedelta(hours=2)  # whatever hour it is where the test runs
SlotOffer.objects.update(expires_at=until, way="phone")
SlotHold.objects.filter(door="waiting").update(expires_at=until)
for each in offered:
    print(offers.link_of(each.key).rpartition("/")[2])
"""

ASKS = """
from permanence.agenda.models import VisitReason
VisitReason.objects.filter(name="Consultation").update(
    contra_indications=[{"id": "q-pacemaker", "text": "Portez-vous un stimulateur cardiaque ?"}])
"""

SITES = """
from datetime import UTC, datetime
from permanence.agenda.models import Agenda
from permanence.clients.directory_operations import put_site
from permanence.foundation.operations import house_system
from permanence.reception.table import SiteEntry
agenda = Agenda.objects.get(name="Dr Weber")
for name in ("Gare", "Kirchberg"):
    site = SiteEntry(name=name, address="1 rue du Test")
    put_site(client=str(agenda.client_id), site=site, by=house_system(house="demo"), at=datetime.now(UTC))
"""


async def signed_in(browser: Browser, site: Site, email: str, *, width: int, height: int, lands: str) -> Screen:
    context = await browser.new_context(
        locale="fr-FR", viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    await site.let_in(context, email)
    page = await context.new_page()
    await page.goto(site.url)
    await page.wait_for_url(f"**/{lands}")
    return Screen(page, site.url)


async def test_put_on_the_list_with_two_keys_and_taken_back(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    dialog = screen.by_id("wait-dialog")
    await screen.press("q")
    await expect(dialog).to_be_visible()
    await expect(screen.by_id("wait-title")).to_contain_text("HOFFMANN Jeanne")
    await looks_right(screen, "waiting-form", ("1366", "1920"))
    await screen.press("Escape")
    await expect(dialog).to_be_hidden()
    await screen.page.clock.install()
    await screen.page.clock.pause_at(await screen.page.evaluate("Date.now() + 1000"))  # Ctrl Z has its ten seconds
    await screen.press("q")
    await expect(dialog).to_be_visible()
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne est sur la liste d’attente, numéro 1")
    await expect(dialog).to_be_hidden()
    assert site.rows(WAITING) == [("waiting", "[]", 0)]
    await screen.press("q")  # faster than the site: Enter is for the form, whenever it comes
    await screen.press("Enter")
    await expect(screen.by_id("wait-error")).to_contain_text("déjà sur la liste")
    await screen.press("Escape")
    async with screen.page.expect_response("**/console/waiting/take-back") as answered:
        await screen.press("Control+z")
    assert (await answered.value).status == 204
    assert [state for state, *_ in site.rows(WAITING)] == ["withdrawn"]


async def test_the_site_that_is_wished_in_the_panel_is_wished_on_the_list(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    site.run(SITES)
    screen = await jeanne_tomorrow(browser, site, made)
    await screen.by_id("book-grid").focus()
    await screen.press("p")
    await screen.by_id("book-site").select_option(label="Kirchberg")
    await screen.by_id("book-grid").focus()
    await screen.press("q")
    chosen = screen.by_id("wait-form").locator("input[name=sites]:checked + span")
    await expect(chosen).to_have_text("Kirchberg")
    await looks_right(screen, "waiting-form-sites", ("1366", "1920"))
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("est sur la liste d’attente")
    [(wished, name)] = site.rows(
        "select w.sites, s.name from agenda_waitingplace w join clients_site s on w.sites = '[\"' || s.id || '\"]'"
    )
    assert (name, wished.count(",")) == ("Kirchberg", 0)


async def test_the_day_wished_in_the_panel_is_kept_on_the_list_and_can_be_left_out(
    browser: Browser, site: Site
) -> None:
    screen, _made = await ready_to_book(browser, site)
    first = await day_of(screen) + timedelta(days=20)
    await screen.by_id("book-grid").focus()
    await screen.press("p")
    await screen.type(f"{first:%d/%m}")
    await screen.by_id("book-hour").fill("14")
    await screen.press("Enter")
    await expect(screen.by_id("book-more-said")).to_contain_text("14:00")
    await screen.press("q")
    wished = screen.by_id("wait-form").locator("input[name=from]")
    await expect(wished).to_be_checked()
    await expect(wished).to_have_value(first.isoformat())
    await expect(screen.by_id("wait-form")).to_contain_text("14:00")
    await looks_right(screen, "waiting-form-from", ("1366", "1920"))
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("est sur la liste d’attente")
    assert site.rows("select from_date from agenda_waitingplace") == [(first.isoformat(),)]
    async with screen.page.expect_response("**/console/waiting/take-back") as answered:
        await screen.press("Control+z")
    assert (await answered.value).status == 204
    await screen.press("q")
    await wished.uncheck()
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("est sur la liste d’attente")
    [_withdrawn, (kept,)] = site.rows("select from_date from agenda_waitingplace order by id")
    assert kept < first.isoformat()


async def test_who_waits_from_a_day_after_his_appointment_gives_it_up_only_where_that_day_is_left_out(
    browser: Browser, site: Site
) -> None:
    screen, _made = await ready_to_book(browser, site)
    first = await day_of(screen) + timedelta(days=20)
    await book_at(screen, "Dr Weber", 540)
    await screen.press("p")
    await screen.type(f"{first:%d/%m}")
    await screen.press("Enter")
    await expect(screen.by_id("book-more-said")).not_to_be_empty()
    await screen.press("q")
    form = screen.by_id("wait-form")
    await expect(form.locator("input[name=from]")).to_be_checked()
    gives_up = form.locator("input[name=instead_of]")
    await expect(gives_up).to_be_hidden()
    await form.locator("input[name=from]").uncheck()
    await expect(gives_up).to_be_visible()
    await expect(gives_up).to_be_checked()
    await form.locator("input[name=from]").check()
    await expect(gives_up).to_be_hidden()
    await form.locator("input[name=from]").uncheck()
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("est sur la liste d’attente")
    [(visit,)] = site.rows("select key from agenda_appointment")
    assert site.rows("select instead_of from agenda_waitingplace") == [(visit,)]


async def test_what_may_forbid_the_visit_is_asked_before_he_is_put_on_the_list(browser: Browser, site: Site) -> None:
    screen, made = await ready_to_book(browser, site)
    await for_a_scan(screen, made.scan)
    await screen.by_id("book-grid").focus()
    await screen.press("q")
    await expect(screen.by_id("book-error")).to_contain_text("Posez d’abord les questions")
    await expect(screen.page.locator("#book-asked input[value=no]")).to_be_focused()
    await screen.press("Space")
    await screen.press("q")
    await expect(screen.by_id("wait-title")).to_contain_text("HOFFMANN Jeanne")
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("est sur la liste d’attente")
    assert site.rows("select sealed_answers <> '' from agenda_waitingplace") == [(1,)]


async def test_the_list_the_work_list_and_the_doctors(browser: Browser, site: Site) -> None:
    agendas.make(site)
    site.run(OFFERED)
    screen = await signed_in(browser, site, cast.CLAIRE, width=1366, height=768, lands="console")
    await screen.page.goto(f"{site.url}/console/waiting")
    await expect(screen.page.locator("tbody tr")).to_have_count(2)
    await looks_right(screen, "waiting-list", ("1366", "1920"))
    await screen.page.goto(f"{site.url}/console/follow-ups")
    await expect(screen.page.get_by_text("À appeler maintenant")).to_be_visible()
    await looks_right(screen, "waiting-tasks", ("1366", "1920"))
    site.run(ASKS)
    await screen.page.reload()
    await expect(screen.page.locator("input[value=no]").first).to_be_visible()
    await looks_right(screen, "waiting-tasks-asked", ("1366", "1920"))
    await screen.page.get_by_role("button", name="Prend").first.click()
    assert await screen.page.evaluate("document.querySelector('input[value=no]').matches(':invalid')")
    assert site.rows("select count(*) from agenda_slotoffer where state = 'taken'") == [(0,)]
    doctor = await signed_in(browser, site, cast.WEBER, width=390, height=844, lands="portal")
    await doctor.page.goto(f"{site.url}/portal/agenda")
    await doctor.page.get_by_role("link", name="Liste d’attente").click()
    await expect(doctor.page.locator("ol.rows > li")).to_have_count(2)
    await looks_right(doctor, "waiting-doctor", ("390", "1366"))


async def test_the_offer_on_a_telephone_without_javascript(browser: Browser, site: Site) -> None:
    agendas.make(site)
    link = site.run(OFFERED).split()[0]
    screen = await phone(browser, site, script=False)
    await screen.page.goto(f"{site.url}/o/{link}")
    await expect(screen.page.get_by_role("heading", level=1)).to_contain_text("retenu pour vous")
    seen = await phone(browser, site, script=True)
    await seen.page.goto(f"{site.url}/o/{link}")
    await looks_right(seen, "offer-open", ("390", "1366"))
    await screen.page.get_by_role("link", name="Deutsch").click()
    await screen.page.get_by_role("button", name="Diesen Termin nehmen").click()
    await expect(screen.page.get_by_role("heading", level=1)).to_contain_text("Termin ist gebucht")
    await seen.page.reload()
    await looks_right(seen, "offer-taken", ("390", "1366"))
    await screen.page.goto(f"{site.url}/o/{link[:-1]}{'y' if link[-1] == 'x' else 'x'}")
    await expect(screen.page.get_by_role("heading", level=1)).to_be_visible()
    await seen.page.goto(f"{site.url}/o/{link[:-1]}{'y' if link[-1] == 'x' else 'x'}")
    await looks_right(seen, "offer-unknown", ("390", "1366"))
