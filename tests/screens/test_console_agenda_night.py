# SPDX-License-Identifier: AGPL-3.0-or-later
"""The night on which clocks go back, in the grid: 02:30 comes twice, and each of the two is pressed as itself."""

from datetime import date, timedelta

from playwright.async_api import Browser, expect

from permanence.kernel.system import SystemClock
from tests.screens.agenda_desk import BEARS_THREE, beside, lane, point
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage

VISITS = "select substr(starts_at, 12, 5), overbook_cause from agenda_appointment order by id"
BLOCKS = "select substr(starts_at, 12, 5), substr(ends_at, 12, 5) from agenda_block order by id"
SECOND = "02:30 pour la seconde fois"


def next_night() -> date:
    """The next last Sunday of an October."""
    today = SystemClock().now().date()
    lasts = [date(year, 10, 31) for year in (today.year, today.year + 1)]
    return next(each for last in lasts if (each := last - timedelta(days=(last.weekday() + 1) % 7)) > today)


async def click_half(screen: ConsolePage, minute: int, *, again: bool) -> None:
    """Presses a time in the left half of Dr Weber's lane, or (`again`) in the right one."""
    await screen.page.mouse.click(*await point(screen, "Dr Weber", minute, across=0.75 if again else 0.25))


async def test_each_of_two_hours_is_pressed_booked_overbooked_and_blocked_as_itself(
    browser: Browser, site: Site
) -> None:
    made, night = agendas.make(site), next_night()
    agendas.by_night(site, night)
    site.run(BEARS_THREE)
    screen = await beside(browser, site, query=f"?client={made.client}&patient={made.jeanne}&day={night}")
    await expect(screen.by_id("book-patient-name")).to_have_text("HOFFMANN Jeanne")
    visits = lane(screen, "Dr Weber").locator(".appt")

    await click_half(screen, 150, again=True)
    await expect(screen.by_id("book-place")).to_contain_text(SECOND)
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text(f"{SECOND}, Dr Weber")
    await expect(visits).to_have_count(1)
    assert site.rows(VISITS) == [("01:30", "")]

    await click_half(screen, 150, again=True)
    await expect(screen.by_id("book-place")).to_contain_text(f"{SECOND} à 02:50 pour la seconde fois, HOFFMANN")
    await screen.press("o")
    await expect(screen.by_id("book-over-title")).to_contain_text(SECOND)
    await screen.by_id("book-over-words").fill("Le docteur le veut")
    await screen.press("Enter")
    await expect(screen.by_id("book-over-dialog")).to_be_hidden()
    await expect(visits).to_have_count(2)
    assert site.rows(VISITS) == [("01:30", ""), ("01:30", "Le docteur le veut")]

    await click_half(screen, 150, again=False)
    await expect(screen.by_id("book-place")).to_contain_text("02:30, Dr Weber")
    await expect(screen.by_id("book-place")).not_to_contain_text("seconde")
    await screen.press("b")
    await expect(screen.by_id("book-busy-title")).to_have_text("Temps bloqué à partir de 02:30, Dr Weber")
    await screen.by_id("book-busy-words").fill("Garde")
    await screen.by_id("book-busy-until").fill("2h45")
    await screen.press("Enter")
    await expect(screen.by_id("book-busy-dialog")).to_be_hidden()
    await expect(visits).to_have_count(3)
    assert site.rows(BLOCKS) == [("00:30", "00:45")]

    await looks_right(screen, "agenda-night", ("1366",))
    await click_half(screen, 165, again=False)
    await screen.press("ArrowDown")
    await expect(screen.by_id("book-place")).to_contain_text("02:00 pour la seconde fois")
    await screen.press("ArrowUp")
    await expect(screen.by_id("book-place")).to_contain_text("02:45, Dr Weber")
    assert screen.complaints == []


async def test_a_visit_is_dragged_from_one_half_of_the_hour_that_comes_twice_to_the_other(
    browser: Browser, site: Site
) -> None:
    """On the very step it stands at: it is another moment all the same."""
    made, night = agendas.make(site), next_night()
    agendas.by_night(site, night)
    screen = await beside(browser, site, query=f"?client={made.client}&patient={made.jeanne}&day={night}")
    await expect(screen.by_id("book-patient-name")).to_have_text("HOFFMANN Jeanne")
    await click_half(screen, 150, again=True)
    await expect(screen.by_id("book-place")).to_contain_text(SECOND)
    await screen.press("Enter")
    await expect(lane(screen, "Dr Weber").locator(".appt.is-again")).to_have_count(1)
    assert [starts for starts, _cause in site.rows(VISITS)] == ["01:30"]

    left, y = await point(screen, "Dr Weber", 150, across=0.25)
    right, _y = await point(screen, "Dr Weber", 150, across=0.75)
    for begins, ends, stands in ((right, left, "00:30"), (left, right, "01:30")):
        await screen.page.mouse.move(begins, y + 4)
        await screen.page.mouse.down()
        await screen.page.mouse.move(ends, y + 4, steps=5)
        await screen.page.mouse.up()
        await expect(lane(screen, "Dr Weber").locator(".appt.is-again")).to_have_count(int(stands == "01:30"))
        await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(1)
        assert [starts for starts, _cause in site.rows(VISITS)] == [stands]
    assert screen.complaints == []
