# SPDX-License-Identifier: AGPL-3.0-or-later
"""The call list as it looks: filters in one row at 1366, days in the page's language, no axe violation."""

import subprocess
import sys

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import ROOT, Site, environment
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


async def test_the_call_list_in_every_language_size_and_theme(browser: Browser, site: Site) -> None:
    command = [sys.executable, "-m", "django", "shell", "--no-imports", "-c", CALLS]
    subprocess.run(command, env=environment(site.data), cwd=ROOT, check=True)
    context = await browser.new_context(locale="en-US", viewport={"width": 1366, "height": 768})
    page = await context.new_page()
    login = LoginPage(page, site.url)
    await login.open("/login?next=/supervision/calls")
    await login.sign_in(cast.MARC, cast.PASSWORD)
    await page.wait_for_url("**/supervision/calls")
    for language, yesterday in (("en", "Yesterday"), ("de", "Gestern"), ("fr", "Hier")):
        await page.locator(".menu > summary").click()
        await page.locator(f".menu button[value={language}]").click()
        await expect(page.locator("html")).to_have_attribute("lang", language)
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
