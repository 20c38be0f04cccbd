# SPDX-License-Identifier: AGPL-3.0-or-later
"""A visit in hand goes to one of the proposed times by N, a figure or a click; nothing is booked or held beside it."""

import re

from playwright.async_api import Browser, expect

from tests.processes import until
from tests.screens.agenda_desk import (
    COMING,
    FOUND,
    HOLDS,
    VISITS,
    beside,
    book_at,
    click_at,
    day_of,
    on_a_call,
    opened,
    ready_to_book,
    slot,
    tomorrow,
)
from tests.screens.fakes import agendas
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.pages import PAINTED, ConsolePage, comes_true, intercept
from tests.screens.test_console_agenda_late import MINE, SLOTS, kept_back

STARTS = "select starts_at from agenda_appointment where state = 'booked'"

AWAY_TOMORROW = """
from datetime import UTC, datetime, timedelta
from permanence.agenda.models import Appointment
from permanence.agenda.operations.day import ask_follow_up
from permanence.agenda.rules.follow_ups import Wanted
from permanence.clients import absences
from permanence.foundation.models import Person
from permanence.foundation.who import who_is
from permanence.project import demo_cast
doctor = who_is(Person.objects.select_related("house").get(email=demo_cast.WEBER))
at, visit = datetime.now(UTC), Appointment.objects.get()
client, hour = str(visit.client_id), timedelta(hours=1)
absence = absences.announce_absence(client=client, starts=visit.starts_at - hour, ends=visit.ends_at + hour,
                                    words="Le docteur est absent.", announced_by=doctor.person, by=doctor, at=at)
ask_follow_up(client=client, absence=absence, wanted=Wanted.MOVE, by=doctor, at=at)
"""
"""The doctor is away when the one visit is, and wants another appointment found."""
OLD_TIMES = """() => window.addEventListener('keydown', () => {
  for (const one of document.querySelectorAll('#book-slots .slot')) one.classList.add('is-old');
}, { capture: true, once: true })"""
"""The free times that stand there at the next key are known as such: what is asked for by it comes instead of them."""
SENT_TO = """() => {{
  const [act, slot] = [document.getElementById('book-act'), document.querySelectorAll('#book-slots .slot')[{}]];
  return slot && act.textContent.includes('Déplacer') && act.textContent.includes(slot.dataset.hour);
}}"""
"""The proposed time of that number, which may be another one until the site has answered."""


async def in_hand(browser: Browser, site: Site) -> ConsolePage:
    """Jeanne's visit of tomorrow at ten, taken in hand with M."""
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 600)
    await expect(slot(screen.page, 3)).to_be_visible()
    await click_at(screen, "Dr Weber", 605)
    await screen.page.evaluate(OLD_TIMES)
    await screen.press("m")
    await expect(screen.by_id("book-place")).to_contain_text("HOFFMANN Jeanne se déplace")
    # The times of the visit in hand are others: its own hour is free for it.
    await expect(screen.page.locator("#book-slots .is-old")).to_have_count(0)
    await expect(slot(screen.page, 9)).to_be_visible()
    return screen


async def goes_to(screen: ConsolePage, number: int) -> str:
    """The visit is still in hand, and Enter would put it at that proposed time."""
    await comes_true(screen.page, SENT_TO.format(number - 1))
    await expect(screen.by_id("book-place")).to_contain_text("HOFFMANN Jeanne se déplace")
    await expect(screen.page.locator("#book-slots .slot--mine")).to_have_count(0)
    hour = await slot(screen.page, number).get_attribute("data-hour") or ""
    await expect(screen.by_id("book-act")).to_contain_text(hour)
    return hour


async def is_moved(screen: ConsolePage, site: Site, number: int) -> None:
    hour = await goes_to(screen, number)
    starts = await slot(screen.page, number).get_attribute("data-starts")
    ((before,),) = site.rows(STARTS)
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne déplacé")
    await expect(screen.by_id("toasts")).to_contain_text(hour)
    ((after,),) = site.rows(STARTS)
    assert after != before
    assert str(after)[:16] == re.sub("T", " ", starts or "")[:16]
    assert len(site.rows(VISITS)) == 1
    assert site.rows(HOLDS) == []
    assert screen.complaints == []


async def test_n_chooses_the_new_time_of_what_is_in_hand_and_n_again_the_next(browser: Browser, site: Site) -> None:
    screen = await in_hand(browser, site)
    await screen.press("n")
    await goes_to(screen, 1)
    await screen.press("n")
    await is_moved(screen, site, 2)


async def test_a_figure_chooses_the_new_time_of_what_is_in_hand_and_enter_waits_for_it(
    browser: Browser, site: Site
) -> None:
    screen = await in_hand(browser, site)
    await screen.press("2")
    await is_moved(screen, site, 2)


async def test_a_click_on_a_free_time_chooses_it_for_what_is_in_hand(browser: Browser, site: Site) -> None:
    screen = await in_hand(browser, site)
    await slot(screen.page, 3).click()
    await is_moved(screen, site, 3)


async def test_in_hand_the_free_times_are_those_of_the_visit_whatever_the_panel_asks(
    browser: Browser, site: Site
) -> None:
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 600)
    await screen.by_id("book-reason").select_option(label="Électrocardiogramme, 30\u00a0min")
    await expect(slot(screen.page, 1)).to_have_attribute("data-minutes", "30")
    await click_at(screen, "Dr Weber", 605)
    await screen.press("m")
    await expect(slot(screen.page, 1)).to_have_attribute("data-minutes", "20")
    await expect(screen.by_id("book-reason")).to_be_hidden()
    await screen.press("Escape")
    await expect(slot(screen.page, 1)).to_have_attribute("data-minutes", "30")
    await expect(screen.by_id("book-reason")).to_be_visible()
    # Faster than the site: N takes the first of those that are about to stand there.
    await screen.press("m")
    await screen.press("n")
    await expect(slot(screen.page, 1)).to_have_attribute("data-minutes", "20")
    await is_moved(screen, site, 1)
    await expect(slot(screen.page, 1)).to_have_attribute("data-minutes", "30")


async def test_of_all_clients_a_visit_in_hand_has_the_free_times_of_its_own(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 600)
    await screen.by_id("book-client").select_option("")
    await expect(slot(screen.page, 1)).to_have_count(0)
    await click_at(screen, "Dr Weber", 605)
    await screen.press("m")
    await expect(slot(screen.page, 1)).to_be_visible()
    await expect(screen.by_id("book-slots-title")).to_be_visible()
    await screen.press("n")
    await is_moved(screen, site, 1)
    await expect(slot(screen.page, 1)).to_have_count(0)


async def test_a_visit_in_hand_keeps_its_free_times_when_no_client_is_chosen(browser: Browser, site: Site) -> None:
    screen = await in_hand(browser, site)
    await screen.by_id("book-client").select_option("")
    await expect(screen.by_id("book-pick-client")).to_be_visible()
    await screen.press("n")
    await is_moved(screen, site, 1)


async def test_a_proposed_time_is_asked_for_as_the_moment_it_is(browser: Browser, site: Site) -> None:
    # In the night when clocks go back half past two comes twice.
    screen = await in_hand(browser, site)
    await slot(screen.page, 9).click()
    await goes_to(screen, 9)
    starts = await slot(screen.page, 9).get_attribute("data-starts")
    async with screen.page.expect_request("**/console/agenda/move") as sent:
        await screen.press("Enter")
    assert (await sent.value).post_data_json["starts_at"] == starts
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne déplacé")


async def test_escape_gives_up_the_move_and_what_was_held_before_it_is_let_go(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 600)
    await expect(slot(screen.page, 1)).to_be_visible()
    # She holds a time, sees that he has a visit already, and moves that one there.
    await screen.press("1")
    await expect(screen.page.locator("#book-slots .slot--mine")).to_have_count(1)
    await expect(screen.by_id("book-place")).to_contain_text("Tenu pour vous")
    await screen.press("v")
    await expect(screen.by_id("book-acts")).to_be_visible()
    await screen.press("m")
    await screen.press("1")
    await goes_to(screen, 1)
    before = site.rows(STARTS)
    await screen.press("Escape")
    await expect(screen.by_id("book-place")).not_to_contain_text("se déplace")
    await expect(screen.by_id("book-act")).not_to_contain_text("Déplacer")
    assert site.rows(STARTS) == before
    await screen.press("v")
    await expect(screen.by_id("book-acts")).to_be_visible()
    await screen.press("m")
    await screen.press("1")
    hour = await goes_to(screen, 1)
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne déplacé")
    await expect(screen.by_id("toasts")).to_contain_text(hour)
    assert len(site.rows(STARTS)) == 1
    assert screen.complaints == []


async def test_a_proposed_time_that_is_refused_to_the_move_keeps_it_in_hand_and_says_why(
    browser: Browser, site: Site
) -> None:
    screen = await in_hand(browser, site)
    await intercept(
        screen.page,
        "**/console/agenda/move",
        lambda route: route.fulfill(
            status=409, json={"code": "slot_refused", "why": "Pas ce motif", "causes": ["Pas ce motif à cette heure"]}
        ),
    )
    await screen.press("n")
    await goes_to(screen, 1)
    await screen.press("Enter")
    await expect(screen.by_id("book-refusal-why")).to_contain_text("Pas ce motif")
    await expect(screen.by_id("book-place")).to_contain_text("HOFFMANN Jeanne se déplace")
    assert len(site.rows(STARTS)) == 1


async def test_in_the_list_n_turns_to_the_day_of_the_time_that_is_held(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    await tomorrow(screen)
    await book_at(screen, "Dr Weber", 600)
    await screen.press("l")
    await expect(screen.page.locator(".row-line")).to_have_count(1)
    shown = screen.page.locator("#book-frame .book__title")
    day = await slot(screen.page, 1).get_attribute("data-day") or ""
    await expect(shown).not_to_have_attribute("data-day", day)
    await screen.press("n")
    await expect(shown).to_have_attribute("data-day", day)
    await expect(screen.by_id("book-act")).to_contain_text("Réserver")
    await expect(screen.page.locator("#book-frame .row-line.is-here")).to_have_count(1)
    assert screen.complaints == []


async def test_what_is_taken_in_hand_in_the_list_goes_to_a_free_time_that_the_day_shows(
    browser: Browser, site: Site
) -> None:
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 600)
    await screen.press("l")
    await screen.page.locator(".row-line").click()
    await screen.press("m")
    await screen.press("1")
    await expect(screen.by_id("book-views").locator("[value=day]")).to_be_checked()
    await is_moved(screen, site, 1)


async def test_from_the_work_list_who_wants_another_appointment_is_in_hand_and_n_chooses_it(
    browser: Browser, site: Site
) -> None:
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 600)
    site.run(AWAY_TOMORROW)
    await screen.page.goto(f"{site.url}/console/follow-ups")
    await screen.page.locator("tbody a", has_text="Trouver un autre rendez-vous").click()
    await expect(screen.by_id("book-patient-name")).to_have_text("HOFFMANN Jeanne")
    await expect(screen.by_id("book-patient-about")).to_contain_text("14 mars 1961")
    await expect(screen.by_id("book-place")).to_contain_text("HOFFMANN Jeanne se déplace")
    await screen.painted()
    await screen.press("n")
    await is_moved(screen, site, 1)


async def test_a_link_to_a_visit_that_stands_there_no_more_says_so(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    screen = await beside(browser, site, query=f"?client={made.client}&move=gone")
    await expect(screen.by_id("book-error")).to_contain_text("n’est plus à cet endroit")
    await expect(screen.by_id("book-place")).not_to_contain_text("se déplace")


async def chosen_again(screen: ConsolePage) -> None:
    """Jeanne is chosen anew: what she has before her is asked for."""
    await screen.by_id("book-patient-other").click()
    await screen.type("140361 hof")
    await expect(screen.page.locator(FOUND)).to_contain_text("HOFFMANN Jeanne")
    await screen.press("Enter")
    await expect(screen.by_id("book-patient-name")).to_have_text("HOFFMANN Jeanne")
    await expect(slot(screen.page, 3)).to_be_visible()


async def test_v_m_n_faster_than_the_list_of_coming_visits_moves_that_visit(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 600)
    await click_at(screen, "Dr Klein", 660)
    async with kept_back(screen.page, COMING):
        await chosen_again(screen)
        for key in "vmn":
            await screen.press(key)
    await is_moved(screen, site, 1)


async def test_who_goes_on_after_v_is_not_taken_back_to_the_visit_by_a_late_list(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 600)
    await click_at(screen, "Dr Klein", 660)
    place, acts, turned = screen.by_id("book-place"), screen.by_id("book-acts"), []
    async with kept_back(screen.page, COMING) as answered:
        await chosen_again(screen)
        # The cursor is led elsewhere: neither V nor the M after it is meant any more.
        for key in ("v", "m", "ArrowDown"):
            await screen.press(key)
        await expect(place).to_contain_text("libre")
        gone = await place.text_content() or ""
        await answered.wait()
    await expect(screen.by_id("book-coming")).to_be_visible()
    await expect(place).to_have_text(gone)
    await expect(acts).to_be_hidden()
    async with kept_back(screen.page, COMING) as answered:
        await chosen_again(screen)
        await screen.press("v")
        await screen.press("n")
        await expect(screen.page.locator("#book-slots .slot--mine")).to_have_count(1)
        day = await slot(screen.page, 1).get_attribute("data-day") or ""
        await expect(screen.page.locator("#book-frame .book__title")).to_have_attribute("data-day", day)
        await expect(place).to_contain_text("Tenu pour vous")
        await answered.wait()
        screen.page.on("request", lambda sent: turned.append(sent.url) if "/fragments/agenda?" in sent.url else None)
    await expect(screen.by_id("book-coming")).to_be_visible()
    await screen.page.evaluate(PAINTED)
    assert turned == []
    await expect(place).to_contain_text("Tenu pour vous")
    await expect(acts).to_be_hidden()
    assert screen.complaints == []


async def test_what_was_in_hand_when_the_call_ended_is_not_in_hand_for_the_next_caller(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    agendas.make(site)
    await console.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await opened(console)
    await console.press("1")
    await console.press("Enter")
    await expect(console.by_id("toasts")).to_contain_text("HOFFMANN Jeanne")
    for key in "vm":
        await console.press(key)
    await expect(console.by_id("book-place")).to_contain_text("HOFFMANN Jeanne se déplace")
    before = site.rows(STARTS)
    await console.press("Alt+a")
    await expect(console.by_id("form")).to_be_visible()
    await opened(console, known=True)
    await expect(console.by_id("book-place")).not_to_contain_text("se déplace")
    await console.press("1")
    await expect(console.page.locator("#book-slots .slot--mine")).to_have_count(1)
    await expect(console.by_id("book-act")).to_contain_text("Réserver")
    await console.press("Enter")
    await expect(console.page.locator("#book-slots .slot--mine")).to_have_count(0)
    await expect(console.by_id("book-act")).not_to_contain_text("Déplacer")
    await until("it is a second visit", lambda: len(site.rows(VISITS)) == 2)
    assert before[0] in site.rows(STARTS)


async def test_n_takes_the_first_of_the_newest_times_where_the_agenda_changes_meanwhile(
    browser: Browser, site: Site
) -> None:
    screen, made = await ready_to_book(browser, site)
    day = await day_of(screen)
    await screen.by_id("book-with").select_option(made.weber)
    await screen.by_id("book-else").select_option("nobody")
    await expect(slot(screen.page, 1)).to_have_attribute("data-day", day.isoformat())
    await expect(slot(screen.page, 1)).to_have_attribute("data-hour", "07:00")
    async with kept_back(screen.page, SLOTS) as answered:
        await screen.by_id("book-reason").select_option(label="Électrocardiogramme, 30\u00a0min")
        await answered.wait()
        await screen.press("n")
        # The times are asked for anew: the answer before is old when it comes.
        async with screen.page.expect_request(SLOTS):
            agendas.busy(site, day, 7)
    await expect(screen.page.locator("#book-slots .slot--mine")).to_have_count(1)
    await expect(slot(screen.page, 1)).to_have_class(MINE)
    await expect(slot(screen.page, 1)).to_have_attribute("data-hour", "08:00")
    await expect(screen.by_id("book-place")).to_contain_text("Tenu pour vous")
    assert [row[0] for row in site.rows(HOLDS)] == [""]
    assert screen.complaints == []


async def test_in_hand_the_lengths_and_the_order_of_the_request_are_not_those_of_the_visit(
    browser: Browser, site: Site
) -> None:
    screen, made = await ready_to_book(browser, site)
    chosen = screen.by_id("book-reason").locator("option:checked")
    await screen.by_id("book-reason").select_option(made.review)
    await expect(chosen).to_have_text("Bilan, 30\u00a0min")
    await screen.by_id("book-with").select_option(made.weber)
    await expect(screen.by_id("book-order")).to_have_text("chaque jour Dr Weber d’abord")
    await book_at(screen, "Dr Weber", 600)
    await screen.by_id("book-reason").select_option(made.consultation)
    await expect(chosen).to_have_text("Consultation, 20\u00a0min")
    await click_at(screen, "Dr Weber", 605)
    await screen.press("m")
    await expect(slot(screen.page, 1)).to_have_attribute("data-minutes", "30")
    await expect(chosen).to_have_text("Consultation, 20\u00a0min")
    await expect(screen.by_id("book-order")).to_have_text("chaque jour Dr Weber d’abord")
    await screen.press("Escape")
    await expect(slot(screen.page, 1)).to_have_attribute("data-minutes", "20")
    # Of all clients, it is not asked of whom the visit is.
    await screen.by_id("book-client").select_option("")
    await expect(slot(screen.page, 1)).to_have_count(0)
    await click_at(screen, "Dr Weber", 605)
    await screen.press("m")
    await expect(slot(screen.page, 1)).to_be_visible()
    await expect(screen.by_id("book-order")).to_be_empty()
    assert screen.complaints == []
