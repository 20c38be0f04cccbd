# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may be calling, by the number alone: said on the card, taken by one key, and in the message once he is booked."""

import re
from typing import Any

from playwright.async_api import expect

from tests.screens.fakes import agendas, cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage, intercept
from tests.screens.test_console_script import lead_an_appointment, with_script

JEANNE, PAUL = "HOFFMANN Jeanne", "MARTIN Paul"
SAME_TELEPHONE = (
    "insert into callers_patientnumber (house_id, client_id, patient_id, number, position, label) "
    "select house_id, client_id, id, '{number}', 1, '' from callers_patient where used_name = 'Martin'"
)
WITHOUT_MAIL = """
const parse = JSON.parse;
JSON.parse = (text) => { const made = parse(text); return made?.lineUrl ? { ...made, sendsMail: false } : made; };
"""
"""The page of a house that was told of no mail server: the house of these tests is a demonstration, which has one."""


def unknown(site: Site, client: str = "Dr Weber") -> dict[str, Any]:
    """A card whose caller sends a number and no name."""
    caller = {"number": agendas.NUMBER, "masked": False, "display": ""}
    return {**cards.weber(*site.client(client), **caller), "name": client, "sector": "health"}


async def with_patients(console: ConsolePage, exchange: FakeExchange, site: Site, *, both: bool = False) -> None:
    """Patients and agendas of Dr Weber; `both` have the one telephone."""
    agendas.make(site)
    if both:
        site.change(SAME_TELEPHONE.format(number=agendas.NUMBER))
    await console.reload()
    await exchange.command("hello", times=2)
    await console.go_ready()
    await exchange.command("ready")


async def test_the_card_says_who_may_be_calling_and_one_key_takes_him(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await with_patients(console, exchange, site)
    await exchange.ring(unknown(site))
    await console.shows("ringing")
    await expect(console.by_id("ring-caller")).to_have_text(f"Peut-être {JEANNE}")
    await expect(console.by_id("ring-known")).to_contain_text("14 mars 1961")
    heard = f"Appel pour Dr Weber : Peut-être {JEANNE}. F2 pour décrocher."
    await expect(console.by_id("alert")).to_have_text(heard)
    await looks_right(console, "caller-ringing", ("1366", "390"))
    await console.press("F2")
    await console.shows("desk")
    await expect(console.by_id("bar-caller")).to_have_text(f"Peut-être {JEANNE}")
    await expect(console.by_id("patient-known")).to_contain_text(JEANNE)
    await expect(console.by_id("patient-chosen")).to_be_hidden()  # nobody is chosen for her
    await looks_right(console, "caller-desk", ("1366", "390", "625"))
    await console.press("Alt+k")
    await expect(console.by_id("patient-name")).to_have_text(JEANNE)
    await expect(console.by_id("bar-caller")).to_have_text(JEANNE)
    await expect(console.by_id("patient-known")).to_be_hidden()
    await expect(console.by_id("text")).to_be_focused()
    assert (await console.fields())["name"] == JEANNE


async def test_of_several_on_one_telephone_each_is_listed_and_the_key_takes_one_after_the_other(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await with_patients(console, exchange, site, both=True)
    await exchange.ring(unknown(site))
    await console.shows("ringing")
    await expect(console.by_id("ring-caller")).to_have_text("Peut-être l’une de 2 personnes")
    await expect(console.page.locator("#ring-known li")).to_have_count(2)
    await looks_right(console, "callers-ringing", ("1366",))
    await console.press("F2")
    await console.shows("desk")
    offered = console.page.locator("#patient-known button")
    await expect(offered).to_have_count(2)
    first, second = [(await each.locator("strong").text_content()) or "" for each in await offered.all()]
    assert {first, second} == {JEANNE, PAUL}
    await looks_right(console, "callers-desk", ("1366", "390"))
    await console.by_id("caller-name").fill("La voisine")
    await console.press("Alt+k")
    await expect(console.by_id("patient-name")).to_have_text(first)
    await expect(offered).to_have_count(1)
    await console.press("Alt+k")
    await expect(console.by_id("patient-name")).to_have_text(second)
    await looks_right(console, "callers-taken", ("1366", "390"))
    assert (await console.fields())["name"] == "La voisine"


async def test_a_patient_of_one_client_is_nobody_for_another(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await with_patients(console, exchange, site)
    async with console.page.expect_response(lambda answer: "/fragments/patients" in answer.url):
        await exchange.ring(unknown(site, "Cabinet Dupont"))
        await console.shows("ringing")
        await console.press("F2")
        await console.shows("desk")
        await console.by_id("patient").focus()
    await expect(console.by_id("patient")).to_be_focused()
    await expect(console.by_id("bar-caller")).to_have_text("Appelant inconnu")
    await expect(console.by_id("patient-known")).to_be_hidden()


async def test_who_was_booked_in_the_call_is_whom_its_message_is_about(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await with_patients(console, exchange, site)
    await exchange.ring(unknown(site))
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")
    await console.press("Alt+a")
    slots, proposed = console.page.locator("#book-slots .slot"), console.by_id("book-patient-known")
    await expect(proposed.locator("button")).to_have_text(re.compile(rf"^{JEANNE}.*Alt K$"))
    await expect(slots.first).to_be_visible()
    await looks_right(console, "caller-agenda", ("1366", "390", "625"))
    # Proposed is not chosen: nobody is booked by Enter before one key has taken him.
    await console.press("1")
    await expect(slots.first).to_have_class(re.compile("slot--mine"))
    await console.press("Enter")
    await expect(console.by_id("book-error")).to_have_text("Choisissez d’abord le patient.")
    await expect(console.by_id("book-patient-name")).to_be_empty()
    assert site.rows("select count(*) from agenda_appointment") == [(0,)]
    await console.press("Alt+k")
    await expect(console.by_id("book-patient-name")).to_have_text(JEANNE)
    await expect(console.by_id("bar-caller")).to_have_text(JEANNE)
    await expect(proposed).to_be_hidden()
    await console.press("Enter")
    await expect(console.by_id("toasts")).to_contain_text(JEANNE)
    await console.press("Escape")
    await expect(console.by_id("patient-name")).to_have_text(JEANNE)
    await expect(console.by_id("patient-about")).to_contain_text("14 mars 1961")
    fields = await console.fields()
    assert (fields["name"], fields["outcome"]) == (JEANNE, "appointment_booked")
    await looks_right(console, "caller-booked", ("1366",))


async def test_what_she_has_typed_is_not_written_over_by_a_booking(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await with_patients(console, exchange, site)
    await exchange.ring({**unknown(site), "caller": {"number": None, "masked": True, "display": ""}})
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")
    await console.by_id("caller-name").fill("Sa fille")
    await console.press("Alt+a")
    await console.by_id("book-patient").fill("140361 hof")
    await expect(console.page.locator("#book-patient-list [role=option]").first).to_contain_text(JEANNE)
    await console.press("Enter")
    await expect(console.by_id("book-patient-name")).to_have_text(JEANNE)
    await expect(console.page.locator("#book-slots .slot").first).to_be_visible()
    await console.press("1")
    await console.press("Enter")
    await expect(console.by_id("toasts")).to_contain_text(JEANNE)
    await console.press("Escape")
    await expect(console.by_id("patient-name")).to_have_text(JEANNE)
    await expect(console.by_id("caller-number")).to_have_value("+352 621 000 147")
    assert (await console.fields())["name"] == "Sa fille"


async def test_a_house_without_mail_promises_none(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    await console.page.add_init_script(WITHOUT_MAIL)
    await console.reload()
    await exchange.command("hello", times=2)
    await console.go_ready()
    await exchange.command("ready")
    await exchange.ring(cards.weber(*site.client("Dr Weber")))
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")
    await expect(console.by_id("plan")).to_contain_text("Aucun courriel ne part")
    await looks_right(console, "plan-no-mail", ("1366", "390"))
    await console.write("Rappeler.")
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text("Enregistré, et dans le portail du client")


async def test_an_appointment_elsewhere_is_offered_only_where_there_is_an_agenda_elsewhere(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    agendas.make(site)
    await console.reload()
    await exchange.command("hello", times=2)
    await console.go_ready()
    await exchange.command("ready")
    card, _doctor = with_script(site)
    await exchange.ring(card)
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")
    await expect(console.by_id("desk-book")).to_be_visible()
    await expect(console.by_id("to-appointment")).to_be_hidden()
    await console.press("Alt+n")
    await expect(console.by_id("elsewhere")).to_be_hidden()
    await lead_an_appointment(console)
    await console.page.locator("#script-help button").click()
    await expect(console.by_id("view-book")).to_be_visible()
    await expect(console.by_id("elsewhere")).to_be_hidden()


async def test_who_may_be_calling_stays_on_the_card_whatever_was_shown_between(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await with_patients(console, exchange, site)
    await exchange.ring(unknown(site))
    await expect(console.by_id("ring-caller")).to_have_text(f"Peut-être {JEANNE}")
    await exchange.offer_ends("withdrawn")
    async with console.page.expect_response("**/fragments/patients**"):
        await exchange.ring(unknown(site, "Cabinet Dupont"), call="call-2")
    await exchange.offer_ends("withdrawn")
    await intercept(console.page, "**/fragments/patients**", lambda route: route.abort())
    await exchange.ring(unknown(site), call="call-3")
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")
    await expect(console.by_id("bar-caller")).to_have_text(f"Peut-être {JEANNE}")
    await expect(console.by_id("patient-known")).to_contain_text(JEANNE)
    await expect(console.page.locator("#patient-known kbd")).to_have_text("Alt K")
    await console.page.unroute("**/fragments/patients**")
