# SPDX-License-Identifier: AGPL-3.0-or-later
"""A group session in the grid: each of its patients is come to and framed alone; its places and its room are said."""

from playwright.async_api import Browser, Route, expect

from tests.screens.agenda_desk import COMING, beside, click_at, day_of, lane, tomorrow
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage, intercept

FRAMED = """() => {
  const box = document.querySelector('#book-frame .cursor').getBoundingClientRect();
  const middle = (one) => (one.left + one.right) / 2;
  return [...document.querySelectorAll('#book-frame .appt')].filter((one) => {
    const across = middle(one.getBoundingClientRect());
    return box.left < across && across < box.right;
  }).map((one) => one.querySelector('.appt__name').textContent);
}"""
"""Whom the frame surrounds."""


async def test_each_patient_of_a_group_is_come_to_and_framed_alone(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    screen = await beside(browser, site, query=f"?client={made.client}")
    await tomorrow(screen)
    agendas.group(site, made, await day_of(screen))
    visits = lane(screen, "Dr Klein").locator(".appt")
    await expect(visits).to_have_count(2)
    await expect(lane(screen, "Dr Klein").locator(".lane__group")).to_have_text("2/4 · Salle 1")
    first, second = [each or "" for each in await visits.locator(".appt__name").all_text_contents()]
    await click_at(screen, "Dr Klein", 600)
    await expect(screen.by_id("book-place")).to_contain_text("10:00")
    came: list[list[str]] = []
    for key in ("ArrowUp", "ArrowUp", "ArrowDown"):
        await screen.press(key)
        came.append(await screen.page.evaluate(FRAMED))
        await expect(screen.by_id("book-place")).to_contain_text(came[-1][0])
        await expect(screen.by_id("book-place")).to_contain_text("École du dos, réservé, Salle 1")
    assert came == [[second], [first], [second]]
    await looks_right(screen, "agenda-group", ("1366",))
    await screen.by_id("book-grid").focus()
    await screen.press("ArrowDown")
    await expect(screen.by_id("book-place")).to_contain_text("10:00")
    await screen.press("ArrowUp")
    await screen.press("x")
    await expect(screen.by_id("book-dialog-title")).to_contain_text(second)
    await screen.press("1")
    await screen.press("Control+Enter")
    await expect(lane(screen, "Dr Klein").locator(".lane__group")).to_have_text("1/4 · Salle 1")
    assert screen.complaints == []


async def found(screen: ConsolePage, typed: str, name: str) -> None:
    """The patient in hand, with what he has before him."""
    if await screen.by_id("book-patient-other").is_visible():
        await screen.by_id("book-patient-other").click()
    await screen.by_id("book-patient").click()
    await screen.type(typed)
    await expect(screen.page.locator(f"#book-patient-list[data-words='{typed}'] [aria-selected=true]")).to_contain_text(
        name
    )
    await screen.press("Enter")
    await expect(screen.by_id("book-patient-name")).to_have_text(name)
    await expect(screen.by_id("book-coming")).to_be_visible()
    await expect(screen.by_id("book-grid")).to_be_focused()


async def test_v_turns_to_the_patient_in_hand_among_those_of_a_group_and_to_nobody_else_once_he_is_gone(
    browser: Browser, site: Site
) -> None:
    made = agendas.make(site)
    screen = await beside(browser, site, query=f"?client={made.client}")
    await tomorrow(screen)
    agendas.group(site, made, await day_of(screen))
    await expect(lane(screen, "Dr Klein").locator(".appt")).to_have_count(2)
    for typed, name in (("140361 hof", "HOFFMANN Jeanne"), ("010280 mar", "MARTIN Paul")):
        await found(screen, typed, name)
        for key in "vm":
            await screen.press(key)
        await expect(screen.by_id("book-place")).to_contain_text(f"{name} se déplace")
        await screen.press("Escape")
        for key in "vx":
            await screen.press(key)
        await expect(screen.by_id("book-dialog-title")).to_contain_text(name)
        await screen.press("Escape")
    before: list[bytes] = []

    async def as_before(route: Route) -> None:
        before[:] = before or [await (await route.fetch()).body()]
        await route.fulfill(body=before[0], content_type="text/html")

    # Her list is old by the time she presses V: he stands there no more, and somebody else does.
    await intercept(screen.page, COMING, as_before)
    await found(screen, "140361 hof", "HOFFMANN Jeanne")
    for key in "vx":
        await screen.press(key)
    await expect(screen.by_id("book-dialog-title")).to_contain_text("HOFFMANN Jeanne")
    await screen.press("1")
    await screen.press("Control+Enter")
    await expect(lane(screen, "Dr Klein").locator(".appt")).to_have_count(1)
    await expect(screen.by_id("book-dialog")).to_be_hidden()
    await screen.press("v")
    await expect(screen.by_id("book-error")).to_contain_text("n’est plus à cet endroit")
    await screen.press("m")
    await expect(screen.by_id("book-acts")).to_be_hidden()
    await expect(screen.by_id("book-place")).not_to_contain_text("se déplace")
    assert screen.complaints == []
