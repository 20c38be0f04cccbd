# SPDX-License-Identifier: AGPL-3.0-or-later
"""Before a visit is booked: questions, several visits, a time that runs out under her eyes."""

import re

from playwright.async_api import Browser, Route, expect

from tests.screens.agenda_desk import (
    BEARS_THREE,
    HOLDS,
    VISITS,
    beside,
    book_at,
    click_at,
    for_a_scan,
    jeanne_tomorrow,
    lane,
    ready_to_book,
    says_no,
    slot,
    tomorrow,
)
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import intercept
from tests.screens.test_console_agenda_late import choose_paul

SAID = "select sealed_answers <> '' from agenda_appointment order by id"


async def test_what_forbids_the_visit_is_asked_first_and_the_answers_are_kept(browser: Browser, site: Site) -> None:
    screen, made = await ready_to_book(browser, site)
    await for_a_scan(screen, made.scan)
    await expect(screen.by_id("book-asked")).to_contain_text("À partir de 16 ans")
    await expect(screen.by_id("book-asked")).to_contain_text("Ordonnance, Anciens clichés")
    await click_at(screen, "Dr Weber", 540)
    await screen.press("Enter")
    await expect(screen.by_id("book-error")).to_contain_text("Posez d’abord les questions")
    await expect(screen.page.locator("#book-asked input[value=no]")).to_be_focused()
    await screen.press("ArrowRight")
    await expect(screen.by_id("book-slots")).to_contain_text("stimulateur cardiaque")
    await expect(screen.page.locator("#book-slots .slot")).to_have_count(0)
    await looks_right(screen, "agenda-forbidden", ("1366",))
    await screen.press("ArrowLeft")
    await expect(slot(screen.page, 1)).to_be_visible()
    await screen.press("Tab")
    await screen.type("hier soir")
    await looks_right(screen, "agenda-asked", ("1366", "1920"))
    await screen.by_id("book-grid").focus()
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("09:00, Dr Weber")
    await expect(lane(screen, "Dr Weber").locator(".appt[data-said]")).to_have_count(1)
    assert site.rows(SAID) == [(1,)]
    await expect(screen.page.locator("#book-asked input:checked")).to_have_count(0)
    await click_at(screen, "Dr Weber", 545)
    await screen.press("i")
    await expect(screen.by_id("book-refusal-why")).to_contain_text("À jeun depuis quand ? hier soir")
    await expect(screen.by_id("book-refusal-why")).to_contain_text("stimulateur cardiaque ? Non")
    assert screen.complaints == []


async def test_six_sessions_with_the_keyboard_and_what_finds_no_room(browser: Browser, site: Site) -> None:
    screen, made = await ready_to_book(browser, site)
    await screen.by_id("book-grid").focus()
    await screen.press("s")
    plan = screen.page.locator("#book-series-plan .session")
    await expect(plan).to_have_count(6)
    await looks_right(screen, "agenda-series", ("1366",))
    await screen.press("Control+Enter")
    await expect(screen.by_id("toasts")).to_contain_text("6 sur 6")
    assert len(site.rows(VISITS)) == 6
    await screen.press("Control+z")
    await expect(screen.by_id("book-place")).to_have_text("Défait", timeout=30000)
    assert {row[0] for row in site.rows(VISITS)} == {"cancelled"}
    # Two such visits a day at most: the first day of the next series has no time any more.
    await for_a_scan(screen, made.scan)
    await screen.by_id("book-with").select_option(made.weber)
    await screen.by_id("book-else").select_option("nobody")
    for minute in (600, 660):
        await says_no(screen)
        await book_at(screen, "Dr Weber", minute)
    await says_no(screen)
    await screen.by_id("book-grid").focus()
    await screen.press("s")
    await screen.page.locator("#book-series-kinds input[value=regular]").focus()
    await screen.press("2")
    await screen.by_id("book-series-days").fill("0 7")
    await screen.by_id("book-series-tolerance").fill("0")
    await expect(screen.page.locator("#book-series-plan .session--missing")).to_contain_text("Déjà 2 × IRM")
    await screen.press("Control+Enter")
    await expect(screen.by_id("book-series-error")).to_contain_text("1 sur 2")
    await expect(screen.page.locator("#book-series-plan [data-booked] .session")).to_have_count(2)
    await expect(screen.page.locator("#book-series-plan .session--missing")).to_contain_text("Déjà 2 × IRM")
    await looks_right(screen, "agenda-series-missing", ("1366",))
    await screen.press("Escape")
    await expect(screen.by_id("book-series-dialog")).to_be_hidden()
    assert [row[0] for row in site.rows(VISITS)].count("booked") == 3
    assert screen.complaints == []


SERIES = "select count(*) from agenda_series"
MOVES = "select count(*) from agenda_agendaact where act = 'move'"


async def answer_lost(route: Route) -> None:
    """The site does it; nobody hears of it."""
    await route.fetch()
    await route.abort()


async def test_a_series_whose_answer_is_lost_is_booked_once(browser: Browser, site: Site) -> None:
    screen, _ = await ready_to_book(browser, site)
    await screen.by_id("book-grid").focus()
    await screen.press("s")
    await expect(screen.page.locator("#book-series-plan .session")).to_have_count(6)
    await intercept(screen.page, "**/console/agenda/series", answer_lost, times=1)
    await screen.press("Control+Enter")
    await expect(screen.by_id("book-series-error")).to_contain_text("c’est peut-être fait, peut-être pas")
    assert len(site.rows(VISITS)) == 6
    await screen.press("Control+Enter")
    await expect(screen.by_id("toasts")).to_contain_text("6 sur 6")
    await expect(screen.by_id("book-series-dialog")).to_be_hidden()
    assert site.rows(SERIES) == [(1,)]
    assert len(site.rows(VISITS)) == 6
    # Taken back and planned anew with the same words it is another act.
    await screen.press("Control+z")
    await expect(screen.by_id("book-place")).to_have_text("Défait", timeout=30000)
    await screen.by_id("book-grid").focus()
    await screen.press("s")
    await expect(screen.page.locator("#book-series-plan .session")).to_have_count(6)
    await screen.press("Control+Enter")
    await expect(screen.by_id("book-series-dialog")).to_be_hidden()
    assert site.rows(SERIES) == [(2,)]
    assert screen.complaints == []


async def others_first(route: Route) -> None:
    """The site does it; the same, sent again by the browser, hears that others have the lock of the agenda."""
    await route.fetch()
    await route.fulfill(status=422, json={"code": "agenda_busy", "why": "D’abord les autres", "causes": []})


async def test_a_series_for_which_others_had_the_lock_is_the_same_series_when_it_is_sent_again(
    browser: Browser, site: Site
) -> None:
    """Those others may have been the first sending of this very act."""
    screen, _ = await ready_to_book(browser, site)
    await screen.by_id("book-grid").focus()
    await screen.press("s")
    await expect(screen.page.locator("#book-series-plan .session")).to_have_count(6)
    await intercept(screen.page, "**/console/agenda/series", others_first, times=1)
    await screen.press("Control+Enter")
    await expect(screen.by_id("book-series-error")).to_contain_text("D’abord les autres")
    await screen.press("Control+Enter")
    await expect(screen.by_id("toasts")).to_contain_text("6 sur 6")
    assert site.rows(SERIES) == [(1,)]
    assert len(site.rows(VISITS)) == 6
    assert screen.complaints == []


async def test_a_move_whose_answer_is_lost_is_done_once(browser: Browser, site: Site) -> None:
    screen, _ = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 540)
    await click_at(screen, "Dr Weber", 545)
    await screen.press("m")
    await expect(screen.by_id("book-place")).to_contain_text("Entrée l’y pose")
    await screen.press("ArrowLeft")
    await intercept(screen.page, "**/console/agenda/move", answer_lost, times=1)
    await screen.press("Enter")
    await expect(screen.by_id("book-error")).to_contain_text("c’est peut-être fait, peut-être pas")
    await expect(screen.by_id("book-place")).to_contain_text("Entrée l’y pose")
    # Another page's touch shows it where it was put, before she presses again.
    await expect(lane(screen, "Dr Klein").locator(".appt")).to_have_count(1)
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("déplacé")
    await expect(lane(screen, "Dr Klein").locator(".appt")).to_have_count(1)
    assert site.rows(MOVES) == [(1,)]
    assert screen.complaints == []


async def test_a_series_that_a_yes_forbids_shows_no_hours(browser: Browser, site: Site) -> None:
    screen, made = await ready_to_book(browser, site)
    await for_a_scan(screen, made.scan)
    await says_no(screen)
    await screen.press("ArrowRight")
    await expect(screen.page.locator("#book-slots .slot")).to_have_count(0)
    await screen.by_id("book-grid").focus()
    await screen.press("s")
    await expect(screen.page.locator("#book-series-plan .session--missing")).to_have_count(6)
    await expect(screen.page.locator("#book-series-plan [data-starts]")).to_have_count(0)
    await screen.press("Control+Enter")
    await expect(screen.by_id("book-series-error")).to_contain_text("stimulateur cardiaque")
    assert site.rows(VISITS) == []
    assert screen.complaints == []


async def only_booked(route: Route) -> None:
    """What is planned is not shown before she goes on; what was booked is."""
    if "series=" in route.request.url:
        await route.continue_()


async def test_a_series_at_other_hours_than_those_read_out_says_so(browser: Browser, site: Site) -> None:
    screen, made = await ready_to_book(browser, site)
    await screen.by_id("book-grid").focus()
    await screen.press("s")
    sessions = screen.page.locator("#book-series-plan .session")
    await expect(sessions).to_have_count(6)
    planned = await sessions.all_text_contents()
    starts = await sessions.nth(0).get_attribute("data-starts")
    agendas.taken(site, made, await sessions.nth(0).get_attribute("data-agenda") or "", starts or "")
    await screen.press("Control+Enter")
    await expect(screen.by_id("book-series-error")).to_contain_text(
        "6 sur 6. Ces heures n’étaient pas toutes affichées"
    )
    await expect(screen.page.locator("#book-series-plan [data-booked] .session")).to_have_count(6)
    booked = await sessions.all_text_contents()
    assert all(was != now for was, now in zip(planned, booked, strict=True))  # all stay near the hour of the first
    await looks_right(screen, "agenda-series-otherwise", ("1366",))
    await screen.press("Escape")
    await expect(screen.by_id("book-series-dialog")).to_be_hidden()
    assert len(site.rows(VISITS)) == 7
    # What she changed last she has not read yet.
    await screen.by_id("book-grid").focus()
    await screen.press("s")
    await expect(sessions).to_have_count(6)
    await intercept(screen.page, "**/console/fragments/agenda/series?*", only_booked)
    await screen.by_id("book-series-sessions").fill("2")
    await screen.press("Control+Enter")
    await expect(screen.by_id("book-series-error")).to_contain_text(
        "2 sur 2. Ces heures n’étaient pas toutes affichées"
    )
    await expect(sessions).to_have_count(2)
    assert screen.complaints == []


async def test_what_is_held_forbids_others_until_it_runs_out_under_her_eyes(browser: Browser, site: Site) -> None:
    one, made = await ready_to_book(browser, site)
    other = await beside(browser, site, query=f"?client={made.client}")
    for screen in (one, other):
        await screen.page.clock.install()
    await one.press("1")
    await expect(slot(one.page, 1)).to_have_class(re.compile("slot--mine"))
    await expect(one.page.locator("#book-frame .appt--held")).to_have_count(1)
    await tomorrow(other)
    await expect(other.page.locator("#book-frame .appt--held")).to_have_count(1)
    for screen in (one, other):
        await screen.page.clock.fast_forward(121_000)
        await expect(screen.page.locator("#book-frame .appt--held")).to_have_count(0)
    await expect(one.by_id("book-error")).to_contain_text("Les deux minutes sont passées")
    await expect(slot(one.page, 1)).not_to_have_class(re.compile("slot--mine"))
    assert site.rows(VISITS) == []
    assert site.rows(HOLDS)
    assert one.complaints == other.complaints == []


LAPSED = """
from datetime import timedelta
from django.db.models import F
from permanence.agenda.models import SlotHold
SlotHold.objects.update(expires_at=F("expires_at") - timedelta(hours=1))
"""


async def test_a_hold_that_is_over_at_the_site_is_chosen_again_by_its_figure(browser: Browser, site: Site) -> None:
    """Her clock is behind, or another one gave it back."""
    screen, _ = await ready_to_book(browser, site)
    await screen.press("1")
    await expect(slot(screen.page, 1)).to_have_class(re.compile("slot--mine"))
    site.run(LAPSED)
    await screen.press("Enter")
    await expect(screen.by_id("book-refusal-why")).to_contain_text("Les deux minutes sont passées")
    await expect(slot(screen.page, 1)).not_to_have_class(re.compile("slot--mine"))
    assert site.rows(VISITS) == []
    await screen.press("1")
    await expect(slot(screen.page, 1)).to_have_class(re.compile("slot--mine"))
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne")
    assert len(site.rows(VISITS)) == 1
    assert len(site.rows(HOLDS)) == 2
    assert screen.complaints == []


async def test_pressed_twice_a_visit_is_put_once_where_there_is_no_room(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    site.run(BEARS_THREE)
    screen = await jeanne_tomorrow(browser, site, made)
    await book_at(screen, "Dr Weber", 600)
    await click_at(screen, "Dr Weber", 590)
    await expect(screen.by_id("book-refusal-what")).to_contain_text("09:50")
    await expect(screen.by_id("book-refusal-over")).to_be_visible()
    await screen.press("o")
    await expect(screen.by_id("book-over-dialog")).to_be_visible()
    await expect(screen.by_id("book-over-causes")).to_contain_text("avant 10 h")
    await screen.by_id("book-over-words").fill("Le docteur le veut")
    await looks_right(screen, "agenda-over", ("1366",))
    await screen.page.evaluate("""() => {
      const form = document.getElementById('book-over-form');
      form.requestSubmit();
      form.requestSubmit();
    }""")
    await expect(screen.by_id("book-over-dialog")).to_be_hidden()
    await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(2)
    assert len(site.rows(VISITS)) == 2
    assert screen.complaints == []


async def test_after_an_overbooking_or_a_series_the_cursor_is_on_what_was_booked(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    site.run(BEARS_THREE)
    screen = await jeanne_tomorrow(browser, site, made)
    place = screen.by_id("book-place")
    await book_at(screen, "Dr Weber", 600)
    await choose_paul(screen)
    await click_at(screen, "Dr Weber", 600)
    await expect(place).to_contain_text("10:00 à 10:20, HOFFMANN Jeanne")
    await screen.press("o")
    await screen.by_id("book-over-words").fill("Le docteur le veut")
    await screen.press("Enter")
    await expect(screen.by_id("book-over-dialog")).to_be_hidden()
    await expect(place).to_contain_text("10:00 à 10:20, MARTIN Paul")
    await screen.press("x")
    await expect(screen.by_id("book-dialog-title")).to_contain_text("MARTIN Paul")
    await screen.press("Escape")
    await lane(screen, "Dr Weber").locator(".appt", has_text="HOFFMANN").click()
    await expect(place).to_contain_text("HOFFMANN Jeanne")
    await screen.press("s")
    await expect(screen.page.locator("#book-series-plan .session")).to_have_count(6)
    await screen.press("Control+Enter")
    await expect(screen.by_id("toasts")).to_contain_text("6 sur 6")
    await expect(screen.by_id("book-series-dialog")).to_be_hidden()
    await expect(place).to_contain_text("MARTIN Paul")
    await expect(place).not_to_contain_text("10:00")
    assert screen.complaints == []
