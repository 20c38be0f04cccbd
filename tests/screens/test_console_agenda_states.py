# SPDX-License-Identifier: AGPL-3.0-or-later
"""What became of a visit is seen by colour and by sign, in each view and theme; the legend says it in words."""

import json

from playwright.async_api import Browser, expect

from tests.screens.agenda_desk import book_at, click_at, day_of, ready_to_book
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import Screen

STATES = ("booked", "confirmed", "arrived", "done", "no_show")
SHOWN = (*STATES, "held")
STATE = """update agenda_appointment set state = '{}'
where id = (select id from agenda_appointment order by id limit 1 offset {})"""
KEPT = "update agenda_slothold set expires_at = datetime('now', '+2 hours')"
"""Else it may be over before all is looked at."""
LOOKS = """() => {
  const looks = {};
  for (const each of document.querySelectorAll('#book-frame [data-state]')) {
    const shown = each.querySelector('.state') ?? each;
    const style = getComputedStyle(shown);
    const sign = shown.querySelector('use')?.getAttribute('href') ?? shown.querySelector('.dot')?.className ?? '';
    const edge = getComputedStyle(each).borderInlineStartColor;
    looks[each.dataset.state] = { colour: style.backgroundColor, border: style.borderTopStyle, sign, edge };
  }
  return looks;
}"""
BESIDE = """() => [...document.querySelectorAll('#book-frame .state')].filter((one) => {
  const row = one.closest('.row-line').getBoundingClientRect();
  return one.getBoundingClientRect().right > row.right;
}).length"""
REASON = """() => {
  const made = document.createElement('i');
  made.dataset.reason = document.querySelector('#book-frame [data-state=booked]').dataset.reason;
  made.style.color = 'var(--reason)';
  document.body.append(made);
  const colour = getComputedStyle(made).color;
  made.remove();
  return colour;
}"""


async def told_apart(screen: Screen) -> None:
    """By colour and by sign, in both themes; the edge is the reason's."""
    for state in SHOWN:
        await expect(screen.page.locator(f"#book-frame [data-state={state}]")).to_have_count(1)
    for scheme in ("light", "dark"):
        await screen.page.emulate_media(color_scheme=scheme)
        looks = await screen.page.evaluate(LOOKS)
        told = json.dumps(looks, indent=1)
        assert set(looks) == set(SHOWN), told
        assert len({one["colour"] for one in looks.values()}) == len(looks), f"{scheme}: {told}"
        assert len({one["sign"] for one in looks.values()}) == len(looks), f"{scheme}: {told}"
        reason = await screen.page.evaluate(REASON)
        kept = [looks[each]["edge"] for each in ("booked", "confirmed", "arrived", "no_show")]
        assert kept == [reason] * 4, f"{scheme}: {told}"
    await screen.page.emulate_media(color_scheme="light")


async def test_each_state_of_a_visit_has_its_colour_and_its_sign(browser: Browser, site: Site) -> None:
    screen, made = await ready_to_book(browser, site)
    for number in range(len(STATES)):
        await book_at(screen, "Dr Weber", 480 + 30 * number)
    for number, state in enumerate(STATES):
        site.change(STATE.format(state, number))
    agendas.held(site, made, await day_of(screen), 11)
    site.change(KEPT)
    await screen.press("d")
    await told_apart(screen)
    await looks_right(screen, "agenda-states-day", ("1366", "390"))
    await screen.page.locator("#book-signs > summary").click()
    for words in ("tenu pour vous", "réservé", "confirmé", "arrivé", "n’est pas venu", "motif"):
        await expect(screen.by_id("book-signs")).to_contain_text(words)
    await looks_right(screen, "agenda-states-legend", ("1366", "390", "625"))
    await screen.page.locator("#book-signs > summary").click()
    await click_at(screen, "Dr Weber", 485)
    await screen.press("w")
    await expect(screen.page.locator(".lane")).to_have_count(7)
    await told_apart(screen)
    await looks_right(screen, "agenda-states-week", ("1366",))
    await screen.by_id("book-grid").focus()
    await screen.press("l")
    await expect(screen.page.locator(".row-line")).to_have_count(6)
    await told_apart(screen)
    await looks_right(screen, "agenda-states-list", ("1366", "390"))
    await screen.page.set_viewport_size({"width": 390, "height": 844})
    assert await screen.page.evaluate(BESIDE) == 0, "of a state's words nothing is cut on a telephone"
    assert screen.complaints == []
