# SPDX-License-Identifier: AGPL-3.0-or-later
"""The supervisor's page as it looks: filters in one row at 1366, days in the page's language, no axe violation; what is
wrong comes and goes by itself."""

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import LoginPage

CALLS = """
from datetime import timedelta
from permanence.calls.models import Call
from permanence.clients.models import Client
from permanence.foundation.models import House
from permanence.kernel.system import SystemClock
from permanence.staff.models import Secretary
house, now = House.objects.get(slug="demo"), SystemClock().now()
clients, secretaries = list(Client.objects.all()), list(Secretary.objects.all())
for n in range(40):
    at = now - timedelta(hours=5 * n, minutes=7)
    answered = n % 4 != 1
    Call.objects.create(
        house=house, call=f"call-{n}", client=clients[n % len(clients)], called_line="+35220000101",
        caller=f"+35262100{n:04d}", display="Jeanne Hoffmann" if n % 3 else "", arrived_at=at, wait_ms=9000 + 700 * n,
        answered_at=at + timedelta(seconds=9) if answered else None, ended_at=at + timedelta(seconds=200),
        secretary=secretaries[n % len(secretaries)] if answered else None, abandoned=not answered,
        ended_by="caller", why="caller_hung_up" if answered else "abandoned", outcome="message" if answered else "",
    )
"""
PLACES = """() => {
  const filters = document.querySelector(".calls__filters");
  const bottom = (one) => Math.round(one.getBoundingClientRect().bottom);
  const bottoms = [...filters.querySelectorAll("select, .btn")].map(bottom);
  return { height: filters.getBoundingClientRect().height, rows: new Set(bottoms).size,
    of_the_browser: document.querySelectorAll("input[type=date], input[type=month], input[type=time]").length };
}"""


KEEP = """
from datetime import timedelta
from permanence.foundation import alarms
from permanence.foundation.alarms import Alarm
from permanence.kernel.system import SystemClock
at, keys = SystemClock().now(), alarms.houses()
alarms.sign(at=at)
since = at - timedelta(days=2)
alarms.keep({house: %s for house in keys}, keys=keys, at=at)
"""
FOUND = (
    '[Alarm(code="disk", params={"gb": "1.4"}, since=since), Alarm(code="journal"), '
    'Alarm(code="trunk", about="sip-1", params={"status": 403}, since=since)]'
)


UNDELIVERED = """
from permanence.clients import queries as clients
from permanence.dispatch import operations as dispatch
from permanence.foundation.models import Person
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.dispatch.models import Delivery
from permanence.messaging import operations as messaging
from permanence.messaging.rules import MessageForm
at, by = SystemClock().now(), who_is(Person.objects.get(email="claire@permanence.example"))
client = next(each for each in clients.clients(house=by.house) if each.name == "Dr Weber")
recipient = clients.recipients(house=by.house, client=client.id)[0].id
form = MessageForm(message="m" * 20, recipient=recipient, caller_name="Jeanne Hoffmann", caller_number="+352621000147",
    reason="", urgency="today", text="Rappeler.", read_back=False)
messaging.take_message(house=by.house, client_id=client.id, call="", by=by, at=at, form=form)
dispatch.prepare(house=by.house, house_key=by.house_key, message="m" * 20, at=at, entropy=SystemEntropy())
why = "550 no such user"
Delivery.objects.update(state="failed", why=why, attempts=1)
messaging.record_transmission(house=by.house, message="m" * 20, at=at, sent=False, delivered=False, why=why)
"""


async def marc_looks(browser: Browser, site: Site) -> LoginPage:
    """Marc, at the list of calls, in a browser of his own."""
    context = await browser.new_context(locale="fr-FR", viewport={"width": 1366, "height": 768})
    page = await context.new_page()
    login = LoginPage(page, site.url)
    await site.let_in(context, cast.MARC)
    await login.open("/supervision/calls")
    return login


async def test_what_is_wrong_is_seen_without_a_reload_and_goes_when_it_is_mended(browser: Browser, site: Site) -> None:
    site.run(KEEP % "[]")
    login = await marc_looks(browser, site)
    page = login.page
    alarms = page.locator("[data-alarm]")
    await expect(page.locator(".calls__calm")).to_be_visible()
    await expect(alarms).to_have_count(0)
    await looks_right(login, "supervision-calm", ("1366", "390"))
    site.run(KEEP % FOUND)
    await expect(alarms).to_have_count(3)
    shown = await alarms.evaluate_all("(all) => all.map((one) => one.dataset.alarm)")
    assert (shown[-1], set(shown)) == ("disk", {"disk", "journal", "trunk"})
    await expect(page.locator("[data-alarm=trunk]")).to_contain_text("L’opérateur sip-1 n’accepte pas")
    await looks_right(login, "supervision-alarms", ("1366", "390"))
    site.run(KEEP % "[]")
    await expect(page.locator(".calls__calm")).to_be_visible()
    await expect(alarms).to_have_count(0)
    assert login.complaints == []
    await page.context.close()


async def test_a_message_that_reached_nobody_appears_and_is_sent_again(browser: Browser, site: Site) -> None:
    site.run(KEEP % "[]")
    login = await marc_looks(browser, site)
    page = login.page
    again = page.locator("#again-" + "m" * 20)
    await expect(again).to_have_count(0)
    site.run(UNDELIVERED)
    await expect(again).to_be_visible()
    await looks_right(login, "supervision-undelivered", ("1366", "390"))
    await again.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**told=sent_again")
    await expect(again).to_have_count(0)
    await expect(page.locator(".notice--info")).to_be_visible()
    assert login.complaints == []
    await page.context.close()


async def test_a_page_that_does_not_reach_the_house_says_so(browser: Browser, site: Site) -> None:
    context = await browser.new_context(locale="en-US", viewport={"width": 1366, "height": 768})
    page = await context.new_page()
    login = LoginPage(page, site.url)
    await site.let_in(context, cast.MARC)
    await login.open("/supervision/calls")
    await expect(page.locator("#stale")).to_be_hidden()
    await site.kill()
    await expect(page.locator("#stale")).to_be_visible()
    await expect(page.locator("#stale")).to_contain_text("n’atteint plus la maison")
    await site.start()
    await expect(page.locator("#stale")).to_be_hidden(timeout=30_000)
    await context.close()


async def test_the_call_list_in_every_language_size_and_theme(browser: Browser, site: Site) -> None:
    site.run(CALLS)
    context = await browser.new_context(locale="en-US", viewport={"width": 1366, "height": 768})
    page = await context.new_page()
    login = LoginPage(page, site.url)
    await site.let_in(context, cast.MARC)
    await login.open("/supervision/calls")
    for language, yesterday in (("en", "Yesterday"), ("de", "Gestern"), ("fr", "Hier")):
        await page.locator(".menu > summary").click()
        await page.locator(f".menu button[value={language}]").click()
        await expect(page.locator("html")).to_have_attribute("lang", language)
        await login.painted()  # its language is there before its style
        assert await page.locator("#when option").nth(2).inner_text() == yesterday
        places = await page.evaluate(PLACES)
        assert places["of_the_browser"] == 0
        assert places["rows"] == 1
        assert places["height"] < 90
    await looks_right(login, "supervision", ("1366", "1920", "390"))
    day = await page.locator("#when option").nth(4).get_attribute("value")
    await page.select_option("#when", day)
    await page.locator(".calls__filters .btn--primary").first.click()
    await page.wait_for_url(f"**when={day}**")
    await expect(page.locator("#when")).to_have_value(str(day))
    shown = await page.locator(".calls__table tbody time").evaluate_all("(all) => all.map((one) => one.dateTime)")
    assert 3 <= len(shown) <= 6
    assert login.complaints == []
    await context.close()
