# SPDX-License-Identifier: AGPL-3.0-or-later
"""An appointment made in the client's own agenda: opened beside, recorded in three keys, at most once, never lost."""

import json
from datetime import date
from typing import Any

from playwright.async_api import Browser, expect

from tests.screens.desk import on_a_call
from tests.screens.fakes import cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage, comes_true
from tests.screens.test_console_script import lead_an_appointment, with_script

AGENDA = {"recipient": "", "product": "Doctena", "link": "https://agenda.invalid/weber", "host": "agenda.invalid"}
ACTS = (
    "select act, day, hour, patient_name, caller_number, undone_at is not null from agenda_bookedelsewhere order by id"
)
COUNT_KEYS = """() => {
  window.keysPressed = [];
  const count = ({ key }) => ["Alt", "Control", "Shift"].includes(key) || window.keysPressed.push(key);
  addEventListener("keydown", count, true);
}"""
KEPT = "() => Object.keys(localStorage).filter((key) => key.startsWith('permanence.act.'))"
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
DAYS = """async ([days, hours]) => {
  const { readDay, readHour } = await import("/static/console/when.js");
  return [days.map(([typed, today]) => readDay(typed, today)), hours.map((typed) => readHour(typed))];
}"""


def weber(site: Site, **more: Any) -> dict[str, Any]:
    return {**cards.weber(*site.client("Dr Weber")), "agendas": [{**AGENDA, "remark": ""}], **more}


def dupont(site: Site) -> dict[str, Any]:
    """A client with several doctors: one has to be chosen. Dr Weber alone needs no choice."""
    agendas = [{**AGENDA, "remark": ""}]
    return {
        **cards.weber(*site.client("Cabinet Dupont")),
        "name": "Cabinet Dupont",
        "initials": "CD",
        "agendas": agendas,
    }


async def recorded(console: ConsolePage) -> None:
    await expect(console.by_id("toasts")).to_contain_text("Rendez-vous noté pour Dr Weber")


async def test_three_keys_from_the_card_to_recorded(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    await on_a_call(console, exchange, weber(site))
    await console.page.evaluate(COUNT_KEYS)
    await console.press("Alt+n")
    await expect(console.by_id("elsewhere")).to_be_visible()
    await console.press("1")
    await console.press("Control+Enter")
    await recorded(console)
    assert await console.page.evaluate("window.keysPressed") == ["n", "1", "Enter"]
    await expect(console.page.locator("#side-today [data-correct]")).to_have_count(1)
    assert site.rows(ACTS) == [("booked", None, None, "", "+352621000147", 0)]
    assert (await console.fields())["outcome"] == "appointment_booked"
    await console.press("F9")
    await console.presence_is("wrap")
    await console.press("F2")
    assert (await exchange.command("wrapup_done"))["outcome"] == "appointment_booked"
    await console.shows("idle")
    await expect(console.by_id("view-idle")).to_contain_text("Rendez-vous pris")
    await looks_right(console, "appointment-idle", ("1366", "390"))


async def test_day_hour_and_patient_as_the_house_writes_them(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, dupont(site))
    await console.press("Alt+n")
    await console.press("2")
    await console.press("Control+Enter")
    await expect(console.by_id("act-error")).to_contain_text("Choisissez pour qui")
    await console.by_id("act-recipient").select_option(index=1)
    await console.focus("act-day")
    await console.type("32/12")
    await console.press("Control+Enter")
    await expect(console.by_id("act-error")).to_contain_text("Ce n’est pas un jour")
    await expect(console.by_id("act-day")).to_be_focused()
    await console.by_id("act-day").fill("3/12")
    await console.focus("act-hour")
    await console.type("14h30")
    # In which year that day is depends on today.
    today = await console.page.evaluate("new Date().toLocaleDateString('sv', { timeZone: 'Europe/Luxembourg' })")
    ((read,), _hours) = await console.page.evaluate(DAYS, [[["3/12", today]], []])
    weekday = WEEKDAYS[date.fromisoformat(read).weekday()]
    await expect(console.by_id("act-when")).to_contain_text(f"{weekday} 3 décembre")
    await expect(console.by_id("act-when")).to_contain_text("14:30")
    await console.focus("act-patient")
    await console.type("Jeanne Hoffmann")
    await looks_right(console, "appointment-form", ("1366", "390", "625"))
    await console.press("Control+Enter")
    await expect(console.by_id("toasts")).to_contain_text("Rendez-vous déplacé noté")
    await expect(console.page.locator("#side-today [data-correct]")).to_have_count(1)
    ((act, day, hour, patient, _number, undone),) = site.rows(ACTS)
    assert (act, str(day)[4:], hour, patient, undone) == ("moved", "-12-03", "14:30:00", "Jeanne Hoffmann", 0)


async def test_the_message_stays_word_for_word_behind_the_form(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, weber(site))
    await console.write("Demande aussi ses résultats.")
    await console.press("Alt+n")
    await expect(console.by_id("form")).to_be_hidden()
    await console.press("Escape")
    await expect(console.by_id("form")).to_be_visible()
    await expect(console.by_id("to-appointment")).to_be_focused()
    assert (await console.fields())["text"] == "Demande aussi ses résultats."


async def test_what_was_recorded_while_the_site_is_down_arrives_once(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, weber(site))
    await site.kill()
    await console.press("Alt+n")
    await console.press("1")
    await console.press("Control+Enter")
    await recorded(console)
    await expect(console.by_id("banner-site")).to_be_visible()
    await comes_true(console.page, f"() => ({KEPT})().length === 1")  # it is sealed first
    kept = await console.page.evaluate(KEPT)
    sealed = await console.page.evaluate("(key) => localStorage.getItem(key)", kept[0])
    assert "booked" not in sealed
    await site.start()
    await expect(console.page.locator("#side-today [data-correct]")).to_have_count(1, timeout=20000)
    await expect(console.by_id("banner-site")).to_be_hidden()
    assert [row[0] for row in site.rows(ACTS)] == ["booked"]
    await comes_true(console.page, "() => !Object.keys(localStorage).some((key) => key.includes('act'))")


async def test_half_a_form_is_there_again_after_a_reload(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, weber(site))
    await console.press("Alt+n")
    await console.press("3")
    await console.focus("act-patient")
    await console.type("Jean Hoffmann")
    await expect(console.by_id("draft-state")).to_have_text("Brouillon gardé")
    await console.reload()
    await console.shows("desk")
    await expect(console.by_id("elsewhere")).to_be_visible()
    await expect(console.by_id("act-patient")).to_have_value("Jean Hoffmann")
    assert await console.page.locator("input[name=act-what]:checked").get_attribute("value") == "cancelled"


async def test_a_slip_is_undone_by_a_key_and_the_call_has_no_outcome(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, weber(site))
    await console.press("Alt+n")
    await console.press("1")
    await console.press("Control+Enter")
    await expect(console.page.locator("#side-today [data-correct]")).to_have_count(1)
    await console.press("Control+z")
    await expect(console.page.locator("#side-today [data-correct]")).to_have_count(0)
    assert [row[5] for row in site.rows(ACTS)] == [1]
    assert (await console.fields())["outcome"] == ""


async def test_it_is_corrected_from_its_line_the_same_day(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, weber(site))
    await console.press("Alt+n")
    await console.press("1")
    await console.press("Control+Enter")
    await recorded(console)
    await console.press("Alt+j")
    await console.page.locator("#side-today [data-correct]").click()
    await expect(console.by_id("dialog-correct")).to_be_visible()
    await console.page.locator("input[name=correct-what][value=cancelled]").check(force=True)
    await console.by_id("correct-patient").fill("Jeanne Hoffmann")
    await looks_right(console, "appointment-correct", ("1366", "390"))
    await console.page.locator("#correct-form .btn--primary").click()
    await expect(console.by_id("dialog-correct")).to_be_hidden()
    await expect(console.by_id("side-today")).to_contain_text("Rendez-vous annulé")
    await expect(console.by_id("side-today")).to_contain_text("corrigé")
    assert [row[0] for row in site.rows(ACTS)] == ["cancelled"]


async def test_she_does_not_leave_an_appointment_half_written_behind(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, weber(site))
    await console.press("Alt+n")
    await console.press("1")
    await console.press("Escape")
    await console.choose("outcome", "information")
    await console.press("F9")
    await console.presence_is("wrap")
    await console.press("F2")
    await expect(console.by_id("banner-error")).to_contain_text("n’est pas encore noté")
    await expect(console.by_id("elsewhere")).to_be_visible()


async def test_the_agenda_opens_beside_and_the_page_asked_nobody_before(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    asked: list[str] = []
    context = console.page.context
    await context.route("https://agenda.invalid/**", lambda route: route.fulfill(body="<p>agenda</p>"))
    context.on("request", lambda request: asked.append(request.url))
    await on_a_call(console, exchange, weber(site))
    link = console.page.locator("#desk-agendas a")
    await expect(link).to_contain_text("agenda.invalid")
    assert await link.get_attribute("rel") == "noopener noreferrer"
    assert [url for url in asked if "agenda.invalid" in url] == []
    async with context.expect_page() as opened:
        await console.press("Alt+a")
    beside = await opened.value
    await beside.wait_for_url("https://agenda.invalid/weber")
    assert await beside.evaluate("[window.opener, document.referrer]") == [None, ""]
    await beside.close()
    await looks_right(console, "appointment-card", ("1366", "390", "625"))


async def test_a_link_that_is_not_https_is_never_a_link(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    bad = {**AGENDA, "remark": "", "link": "javascript:document.title='x'"}
    await on_a_call(console, exchange, weber(site, agendas=[bad]))
    await expect(console.by_id("desk-agendas")).to_be_hidden()
    await console.press("Alt+a")
    assert await console.page.locator("a[href^=javascript]").count() == 0


TODAY = "2026-11-27"
READ = {
    "3/12": "2026-12-03",
    "03.12.": "2026-12-03",
    "3-12-2027": "2027-12-03",
    "0312": "2026-12-03",
    "031226": "2026-12-03",
    "2026-12-3": "2026-12-03",
    "1/11": "2026-11-01",
    "1/10": "2027-10-01",
    "29/2": "2028-02-29",
    "Aujourd’hui": "2026-11-27",
    "demain": "2026-11-28",
    "jeudi": "2026-12-03",
    "jeu": "2026-12-03",
    "vendredi": "2026-12-04",
    "": "",
    "32/1": None,
    "30/2/2027": None,
    "m": None,
    "bientôt": None,
    "1/13": None,
    "12": None,
}
HOURS = {
    "14h30": "14:30",
    "14:30": "14:30",
    "14.30": "14:30",
    "14 30": "14:30",
    "1430": "14:30",
    "930": "09:30",
    "9": "09:00",
    "9h": "09:00",
    "14 Uhr": "14:00",
    "14 h 05": "14:05",
    "0:00": "00:00",
    "": "",
    "24:00": None,
    "14:60": None,
    "14:3": None,
    "h": None,
    "neuf": None,
}


async def test_days_and_hours_are_read_as_people_write_them(browser: Browser, site: Site, console: ConsolePage) -> None:
    found = await console.page.evaluate(DAYS, [[[text, TODAY] for text in READ], list(HOURS)])
    assert dict(zip(READ, found[0], strict=True)) == READ
    assert dict(zip(HOURS, found[1], strict=True)) == HOURS


async def test_the_route_of_a_script_opens_the_form_with_what_it_has_heard(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    card, doctor = with_script(site)
    await on_a_call(console, exchange, {**card, "agendas": [{**AGENDA, "remark": ""}]})
    await lead_an_appointment(console)
    await expect(console.page.locator("#script-help a")).to_contain_text("agenda.invalid")
    await console.page.locator("#script-help button").click()
    await expect(console.by_id("act-patient")).to_have_value("Jeanne Hoffmann")
    await expect(console.by_id("act-recipient")).to_have_value(doctor)
    await looks_right(console, "appointment-route", ("1366", "625"))
    await console.press("1")
    await console.press("Control+Enter")
    await recorded(console)
    await expect(console.page.locator("#side-today [data-correct]")).to_have_count(1)
    assert [row[3] for row in site.rows(ACTS)] == ["Jeanne Hoffmann"]
    await console.press("F9")
    await console.presence_is("wrap")
    await console.press("F2")
    assert (await exchange.command("wrapup_done"))["outcome"] == "appointment_booked"


def with_route(site: Site, **route: Any) -> dict[str, Any]:
    """A card whose script asks one question and comes to this route."""
    question = {"id": "known", "kind": "yes_no", "ask": "Êtes-vous déjà venu ?", "label": "Déjà venu"}
    end = {"id": "end", "label": "Chez le dépanneur", "recipient": "", **route}
    script = {"format": 1, "title": "Essai", "language": "fr", "questions": [question], "routes": [end]}
    return weber(site, script={"version": 1, "text": json.dumps(script), "validated_date": ""})


async def test_a_transfer_says_whose_the_number_is_and_what_may_be_told_and_puts_nobody_through(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    contact = {
        "name": "Garage Muller",
        "function": "dépanneur",
        "numbers": ["+35227000010"],
        "shown": ["27 00 00 10"],
        "number_for": "professionals",
        "may_say": "Rappelle dans l’heure.",
    }
    card = with_route(site, act="transfer", number="+35227000010")
    await on_a_call(console, exchange, {**card, "contacts": [contact]})
    await console.press("Alt+s")
    await console.press("1")
    for words in ("Garage Muller", "27 00 00 10", "professionnels", "Rappelle dans l’heure."):
        await expect(console.by_id("script-help")).to_contain_text(words)
    await expect(console.by_id("script-act")).to_contain_text("On ne peut pas transférer d’ici")
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text("en route vers Dr Weber")
    await console.press("Alt+j")
    row = console.messages("side-today")
    await row.locator("[data-open]").click()
    await expect(row.locator(".opened__text")).to_contain_text("Suite\u00a0: Chez le dépanneur")


async def test_a_number_of_a_transfer_that_nobody_wrote_down_is_given_to_nobody(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, with_route(site, act="transfer", number="+35227000010"))
    await console.press("Alt+s")
    await console.press("1")
    await expect(console.by_id("script-help")).to_contain_text("ne le donnez à personne")


async def test_a_ticket_names_its_route_in_the_message(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, with_route(site, act="ticket", label="Panne d’ascenseur"))
    await console.press("Alt+s")
    await console.press("2")
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text("en route vers Dr Weber")
    await console.press("Alt+j")
    row = console.messages("side-today")
    await row.locator("[data-open]").click()
    await expect(row.locator(".opened__text")).to_contain_text("Suite\u00a0: Panne d’ascenseur")


async def test_what_the_site_refuses_stands_in_its_form_again(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, weber(site))
    site.change("update clients_recipient set active = 0 where name = 'Dr Weber'")
    await console.press("Alt+n")
    await console.press("1")
    await console.focus("act-patient")
    await console.type("Jeanne Hoffmann")
    await console.press("Control+Enter")
    await expect(console.by_id("banner-error")).to_contain_text("n’est plus chez le client")
    await expect(console.by_id("elsewhere")).to_be_visible()
    await expect(console.by_id("act-patient")).to_have_value("Jeanne Hoffmann")
    assert site.rows(ACTS) == []
