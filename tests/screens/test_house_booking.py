# SPDX-License-Identifier: AGPL-3.0-or-later
"""A patient who calls is given a time while he speaks, and gives it back by his reminder: in a whole house."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from permanence.countries.quiet import heard_from
from permanence.project import demo_cast as cast
from tests.screens.pages import ConsolePage
from tests.screens.test_console_appointments import COUNT_KEYS
from tests.screens.whole_house import PhoneCall, WholeHouse, answered, at_seat, signed_in, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOST_KEYS = 25
"""From the card to booked."""
LEONIE, TUN, ELSEWHERE = "+352621000201", "+352621000202", "+33639980131"
"""Numbers: of Léonie Brandel and Tun Kirschmeyer, whom Dr Weber knows; one that nobody knows."""
SLOTS = "**/console/fragments/agenda/slots?*"
BOOKED = """
select v.key, v.state, v.door, p.birth_name, c.outcome from agenda_appointment v
join callers_patient p on p.id = v.patient_id join calls_call c on c.call = v.call where c.caller = ?
and c.outcome <> ''
"""
REMINDER = "select key from dispatch_reminder where appointment = ? and state = 'pending'"
STANDS = "select state from agenda_appointment where key = ?"
FREED = """
select f.freed_at, f.next_at, (select count(*) from agenda_slotoffer o where o.freed_id = f.id and o.state = 'open')
from agenda_freedtime f join agenda_appointment v on v.agenda_id = f.agenda_id and v.starts_at = f.starts_at
where v.key = ? and f.state = 'offering' and f.next_at > f.freed_at
"""
"""A freed time that somebody is asked for, or will be: without anybody whom it suits it is settled."""


async def books_the_first(console: ConsolePage, name: str) -> None:
    """The first of the free times, within the keys that a caller is asked to wait for."""
    await expect(console.by_id("book-patient-name")).to_have_text(name)
    await expect(console.page.locator("#book-slots .slot").first).to_be_visible()
    await console.press("1")
    await expect(console.page.locator("#book-slots .slot--mine")).to_have_count(1)
    await console.press("Enter")
    await expect(console.by_id("toasts")).to_contain_text(f"Réservé\u00a0: {name}")
    keys = await console.page.evaluate("window.keysPressed")
    assert len(keys) <= MOST_KEYS, keys


async def ready_again(console: ConsolePage, phone: PhoneCall) -> None:
    """She hangs up and leaves the call: what she booked is its outcome."""
    await console.press("F9")
    assert await phone.over() == 0
    await console.presence_is("wrap")
    await console.press("F2")
    await console.presence_is("ready")


async def test_a_patient_who_is_known_by_his_number_has_his_time_in_four_keys(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    await house.set_hours(cast.WEBER_LINE, always=True)
    async with (
        at_seat(speaking_browser, house, cast.CLAIRE, locale="fr-FR") as claire,
        house.call(cast.WEBER_LINE, "--from", LEONIE, "--language", "fr") as phone,
    ):
        await answered(claire, phone)
        await claire.page.evaluate(COUNT_KEYS)  # the card is there
        await claire.press("Alt+a")
        await expect(claire.by_id("book-patient-known")).to_contain_text("BRANDEL Léonie")
        await claire.press("Alt+k")
        await books_the_first(claire, "BRANDEL Léonie")
        assert await claire.page.evaluate("window.keysPressed") == ["a", "k", "1", "Enter"]
        day = await claire.page.locator("#book-frame .book__title").get_attribute("data-day")
        await ready_again(claire, phone)
    ((_key, *booked),) = await until("the call is recorded", lambda: house.rows(BOOKED, LEONIE))
    assert booked == ["booked", "console", "Brandel", "appointment_booked"]
    ((client, agenda),) = house.rows("select client_id, id from agenda_agenda where name = 'Dr Weber'")
    doctor = await signed_in(speaking_browser, house, cast.WEBER, "/portal")
    await doctor.goto(f"{house.site}/portal/line/{client}/agenda/{agenda}?day={day}")
    await expect(doctor.get_by_text("BRANDEL Léonie").first).to_be_visible()
    await doctor.context.close()


async def test_one_who_calls_from_elsewhere_is_found_by_his_birth_date_and_gives_his_time_back_by_the_reminder(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    await house.set_hours(cast.WEBER_LINE, always=True)
    async with (
        at_seat(speaking_browser, house, cast.CLAIRE, locale="fr-FR") as claire,
        house.call(cast.WEBER_LINE, "--from", ELSEWHERE, "--language", "fr") as phone,
    ):
        await answered(claire, phone)
        await claire.page.evaluate(COUNT_KEYS)  # the card is there
        await claire.press("Alt+a")
        await expect(claire.page.locator("#book-slots .slot").first).to_be_visible()
        await claire.press("/")
        await expect(claire.by_id("book-patient")).to_be_focused()
        await claire.type("020971 kir")
        found = claire.page.locator("#book-patient-list[data-words='020971 kir'] [aria-selected=true]")
        await expect(found).to_contain_text("KIRSCHMEYER")
        await claire.press("Enter")
        await expect(claire.by_id("book-patient-name")).to_have_text("KIRSCHMEYER Tun")
        # So far ahead that he is reminded of it, whatever hour it is now.
        await claire.press("p")
        await claire.type("8 j")
        async with claire.page.expect_response(SLOTS):
            await claire.press("Enter")
        await claire.by_id("book-grid").focus()
        await books_the_first(claire, "KIRSCHMEYER Tun")
        await ready_again(claire, phone)
    ((visit, *booked),) = await until("the call is recorded", lambda: house.rows(BOOKED, ELSEWHERE))
    assert booked == ["booked", "console", "Kirschmeyer", "appointment_booked"]
    ((reminder,),) = await until("his reminder waits", lambda: house.rows(REMINDER, visit))

    options = {"locale": "fr-FR", "viewport": {"width": 390, "height": 844}, "java_script_enabled": False}
    patient = await (await speaking_browser.new_context(**options)).new_page()
    await patient.goto(f"{house.site}/demo/sms")
    await patient.locator(f"form[action$='/{reminder}'] button").click()
    await (await received(house, patient, TUN, "/r/")).click()
    await patient.get_by_role("link", name="Annuler mon rendez-vous").click()
    await patient.locator("button[value=cancel]").click()
    await expect(patient.locator(".badge--danger")).to_have_text("annulé")
    assert house.rows(STANDS, visit) == [("cancelled",)]

    # One who waits is asked at once, by night in the morning.
    ((freed, then, offers),) = await until("it is offered on", lambda: house.rows(FREED, visit))
    morning = heard_from(moment(freed), country="LU", time_zone="Europe/Luxembourg")
    assert (offers, moment(then) == morning) in {(1, False), (0, True)}
    await patient.context.close()


def moment(written: str) -> datetime:
    """What the database holds, which is UTC."""
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


async def received(house: WholeHouse, page: Page, number: str, path: str) -> Locator:
    """The link in the SMS that this number got."""
    folder = house.data / "sms"
    await until(
        f"{number} gets a link to {path}",
        lambda: any(number in text and path in text for text in (each.read_text() for each in folder.glob("*.sms"))),
    )
    await page.goto(f"{house.site}/demo/sms")
    return page.locator(f"section[aria-label='{number}'] .sms__text a[href*='{path}']").first
