# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doctor says on his telephone who is there: the page stays where it was, and his finger meets no other patient."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site
from tests.screens.test_waiting_list import signed_in

TODAY = "update agenda_appointment set starts_at=datetime(starts_at,'-1 day'), ends_at=datetime(ends_at,'-1 day')"
STATES = "select state from agenda_appointment where state <> 'booked'"
SEEN_AGAIN = "() => { document.dispatchEvent(new Event('visibilitychange')); }"
DRAWN = "() => fetch(document.getElementById('list').dataset.part).then(() => new Promise(requestAnimationFrame))"
SHIFT = (
    "update agenda_appointment set starts_at=datetime(starts_at,'{ahead} seconds'),"
    " ends_at=datetime(ends_at,'{ahead} seconds')"
)
CANCELS = "summary:has-text('Annuler')"
OF_WHOM = "select agenda_id, date(starts_at) from agenda_appointment order by id"


def noon_now(now: datetime) -> str:
    """Where it is about noon: what comes in an hour comes today, whatever hour it is where the test runs."""
    hours = now.hour - 12
    return f"Etc/GMT{hours:+d}"


async def test_on_a_long_day_he_says_that_he_is_late_without_scrolling(browser: Browser, site: Site) -> None:
    made = agendas.make(site, 1)
    site.change(TODAY)
    agenda, day = site.rows(OF_WHOM)[0]
    doctor = await signed_in(browser, site, cast.WEBER, width=390, height=844, lands="portal")
    page = doctor.page
    await page.goto(f"{site.url}/portal/line/{made.client}/agenda/{agenda}?day={day}")
    late = page.locator("summary").filter(has_text="J’ai du retard")
    await expect(late).to_be_in_viewport(ratio=1)
    await expect(page.locator(".visits__row").nth(2)).to_be_in_viewport(ratio=1)  # the day is not pushed away by it
    await late.click()
    await page.get_by_role("button", name="15 min").click()
    await expect(page.locator("#late")).to_contain_text("15 minutes de retard")
    assert doctor.complaints == []


async def test_a_second_tap_on_arrived_marks_nobody_else(browser: Browser, site: Site) -> None:
    made = agendas.make(site, 1)
    site.change(TODAY)
    agenda, day = site.rows(OF_WHOM)[0]
    doctor = await signed_in(browser, site, cast.WEBER, width=390, height=844, lands="portal")
    page = doctor.page
    await page.goto(f"{site.url}/portal/line/{made.client}/agenda/{agenda}?day={day}")
    rows = page.locator(".visits__row")
    await expect(rows).to_have_count(30)
    # The second in which a page settles is over when the test says so.
    await page.clock.install()
    await page.clock.pause_at(await page.evaluate("Date.now() + 1000"))
    for number in (12, 29):  # in the middle of the day, and the last
        row = rows.nth(number)
        await row.evaluate("row => row.scrollIntoView({ block: 'center', behavior: 'instant' })")
        arrived = await row.locator(".visits__acts").get_by_role("button").first.bounding_box()
        assert arrived is not None
        finger = arrived["x"] + arrived["width"] / 2, arrived["y"] + arrived["height"] / 2
        async with page.expect_navigation(wait_until="load"):
            await page.mouse.click(*finger)
        await page.mouse.click(*finger)
        await expect(row).to_contain_text("arrivé")
        there = await row.bounding_box()
        assert there is not None
        assert there["y"] <= finger[1] <= there["y"] + there["height"]
        await page.clock.run_for(1000)
        await expect(page.locator("#list[data-settling]")).to_have_count(0)
        assert {state for (state,) in site.rows(STATES)} == {"arrived"}
    assert site.rows(STATES) == [("arrived",)] * 2
    async with page.expect_navigation(wait_until="load"):
        await page.mouse.click(*finger)
    assert sorted(state for (state,) in site.rows(STATES)) == ["arrived", "done"]
    assert "#" not in page.url
    assert doctor.complaints == []


@pytest.mark.parametrize("is_to_be_moved", [False, True])
async def test_a_line_is_as_high_once_somebody_has_arrived_as_before(
    browser: Browser, site: Site, *, is_to_be_moved: bool
) -> None:
    made = agendas.make(site, 1)
    (first,) = site.rows("select min(unixepoch(starts_at)) from agenda_appointment")[0]
    now = datetime.now(UTC)
    ahead = round(now.timestamp() - first) + 3600
    site.change(SHIFT.format(ahead=ahead))
    site.change(f"update clients_client set time_zone='{noon_now(now)}'")  # noqa: S608 - our own words
    agenda = site.rows(OF_WHOM)[0][0]
    doctor = await signed_in(browser, site, cast.WEBER, width=390, height=844, lands="portal")
    page = doctor.page
    await page.goto(f"{site.url}/portal/line/{made.client}/agenda/{agenda}")
    rows = page.locator(".visits__row")
    row, after = rows.nth(1), rows.nth(2)
    await expect(row.locator(CANCELS)).to_be_visible()
    await expect(row.get_by_role("button", name="Arrivé")).to_be_visible()
    if is_to_be_moved:
        await row.locator("summary:has-text('À déplacer')").click()
        await row.get_by_role("textbox").fill("Plutôt le matin, il a demandé une heure à laquelle il ne travaille pas")
        async with page.expect_navigation(wait_until="load"):
            await row.get_by_role("button", name="Le confier aux secrétaires").click()
        await expect(row.get_by_role("button", name="Ne plus le déplacer")).to_be_visible()
    heights = await row.bounding_box(), await after.bounding_box()
    key = str(await row.get_attribute("id")).removeprefix("v-")
    site.change(f"update agenda_appointment set state='arrived' where key='{key}'")  # noqa: S608 - its own id
    async with page.expect_response(lambda answer: "part=list" in answer.url):
        await page.evaluate(SEEN_AGAIN)
    await expect(row).to_contain_text("arrivé")
    await expect(row.locator(CANCELS)).to_be_hidden()
    assert (await row.bounding_box(), await after.bounding_box()) == heights
    assert doctor.complaints == []


async def test_the_question_before_he_cancels_stays_under_his_finger_when_others_are_booked(
    browser: Browser, site: Site
) -> None:
    made = agendas.make(site, 1)
    agenda, day = site.rows(OF_WHOM)[0]
    doctor = await signed_in(browser, site, cast.WEBER, width=390, height=844, lands="portal")
    page = doctor.page
    await page.goto(f"{site.url}/portal/line/{made.client}/agenda/{agenda}?day={day}")
    row = page.locator(".visits__row").nth(12)
    await row.locator(CANCELS).click()
    asks = row.get_by_role("button", name="Oui, l’annuler")
    await expect(asks).to_be_in_viewport()
    await row.evaluate("row => { row.isTheSame = true; }")
    async with page.expect_response(lambda answer: "part=list" in answer.url) as told:
        await page.evaluate(SEEN_AGAIN)
    await (await told.value).finished()
    await page.evaluate(DRAWN)
    assert await row.evaluate("row => row.isTheSame")  # nothing was booked: no line is drawn afresh
    before, kept = await row.bounding_box(), await row.get_attribute("id")
    early = datetime.fromisoformat(f"{day}T07:00").replace(tzinfo=ZoneInfo("Europe/Luxembourg"))
    agendas.taken(site, made, str(agenda), early.isoformat())
    async with page.expect_response(lambda answer: "part=list" in answer.url):
        await page.evaluate(SEEN_AGAIN)
    await expect(page.locator(".visits__row")).to_have_count(31)
    row = page.locator(f"#{kept}")
    await expect(row.locator("details[open]")).to_have_count(1)
    assert await row.bounding_box() == before
    await expect(row.locator(CANCELS)).to_be_focused()
    assert doctor.complaints == []


async def test_the_question_before_he_cancels_is_closed_when_that_visit_is_moved_meanwhile(
    browser: Browser, site: Site
) -> None:
    made = agendas.make(site, 1)
    agenda, day = site.rows(OF_WHOM)[0]
    doctor = await signed_in(browser, site, cast.WEBER, width=390, height=844, lands="portal")
    page = doctor.page
    await page.goto(f"{site.url}/portal/line/{made.client}/agenda/{agenda}?day={day}")
    row, other = page.locator(".visits__row").nth(12), page.locator(".visits__row").nth(11)
    kept, beside = str(await row.get_attribute("id")), str(await other.get_attribute("id"))
    for each in (other, row):
        await each.locator(CANCELS).click()
    await expect(page.locator("#list details[open]")).to_have_count(2)
    early = datetime.fromisoformat(f"{day}T07:00").replace(tzinfo=ZoneInfo("Europe/Luxembourg"))
    agendas.moved(site, kept.removeprefix("v-"), str(agenda), early.isoformat())
    async with page.expect_response(lambda answer: "part=list" in answer.url):
        await page.evaluate(SEEN_AGAIN)
    await expect(page.locator(".visits__row").first).to_have_attribute("id", kept)
    await expect(page.locator(f"#{kept} details[open]")).to_have_count(0)  # the hour agreed just now is not asked about
    await expect(page.locator(f"#{beside} details[open]")).to_have_count(1)
    assert doctor.complaints == []


async def test_after_the_last_of_a_long_day_is_cancelled_he_reads_whom_to_call(browser: Browser, site: Site) -> None:
    made = agendas.make(site, 1)
    agenda, day = site.rows(OF_WHOM)[0]
    doctor = await signed_in(browser, site, cast.WEBER, width=390, height=844, lands="portal")
    page = doctor.page
    await page.goto(f"{site.url}/portal/line/{made.client}/agenda/{agenda}?day={day}")
    row = page.locator(".visits__row").nth(29)
    await row.locator(CANCELS).click()
    async with page.expect_navigation(wait_until="load"):
        await row.get_by_role("button", name="Oui, l’annuler").click()
    await expect(page.locator(".visits__row")).to_have_count(29)
    await expect(page.locator("#said")).to_be_in_viewport(ratio=1)
    number = page.locator("#said").get_by_role("link")
    await expect(number).to_have_text("621\u00a0000\u00a0147")
    await expect(number).to_have_attribute("href", f"tel:{agendas.NUMBER}")
    assert doctor.complaints == []
