# SPDX-License-Identifier: AGPL-3.0-or-later
"""What patients were told, as a supervisor and a secretary look it up: how it looks with texts and without."""

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import Screen

TOLD = """
import sys
from datetime import timedelta
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.models import Sms
from permanence.dispatch.rules import DeliveryState
from permanence.callers.models import Patient
from permanence.kernel.system import SystemClock
at, who = SystemClock().now(), Patient.objects.select_related("client").get(pk=int(sys.argv[1]))
for n, (state, why) in enumerate((("sent", ""), ("failed", "unknown number"), ("pending", ""))):
    Sms.objects.create(house_id=who.house_id, client_id=who.client_id, key=f"told{n}", kind=SmsKind.REMINDER.value,
        patient=who, created_at=at - timedelta(minutes=10 * n), expires_at=at + timedelta(hours=1),
        next_attempt_at=at, number="+352621000555", language="fr", sealed_text="sealed", encoding="gsm7",
        parts=1 + n, price_micros=75_000, currency="EUR", state=DeliveryState(state).value, why=why)
"""


async def opened(browser: Browser, site: Site, email: str) -> Screen:
    context = await browser.new_context(
        locale="fr-FR", viewport={"width": 1366, "height": 768}, reduced_motion="reduce"
    )
    await site.let_in(context, email)
    page = await context.new_page()
    await page.goto(f"{site.url}/supervision/sent")
    return Screen(page, site.url)


async def test_nobody_was_told_anything_yet(browser: Browser, site: Site) -> None:
    marc = await opened(browser, site, cast.MARC)
    await expect(marc.page.locator("h1")).to_be_visible()
    await looks_right(marc, "sent-none", ("1366",))
    claire = await opened(browser, site, cast.CLAIRE)
    await looks_right(claire, "sent-none-hers", ("1366",))
    assert marc.complaints == claire.complaints == []


async def test_what_was_told_with_its_length_and_price(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    site.run(TOLD, made.jeanne)
    claire = await opened(browser, site, cast.CLAIRE)
    rows = claire.page.locator(".calls__table").first.locator("tbody tr")
    await expect(rows).to_have_count(3)
    await looks_right(claire, "sent", ("1366", "390"))
    await claire.page.locator("input[name=undelivered]").check()
    await claire.page.locator("form[role=search] .btn--primary").press("Enter")
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_contain_text("unknown number")
    assert claire.complaints == []
