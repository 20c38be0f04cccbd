# SPDX-License-Identifier: AGPL-3.0-or-later
"""A patient books by himself from the public page, moves and cancels by his mail: in a whole house, without JavaScript.

His codes come to the house's real mailbox and telephone; beside him the secretary's grid shows what he does.
"""

import email
import email.policy
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from playwright.async_api import Browser, Locator, Page, expect

from permanence.project import demo_cast as cast
from tests.screens.pages import Screen
from tests.screens.whole_house import WholeHouse, signed_in, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

METT, LINN = "mett@example.org", "linn@example.org"
LINNS_NUMBER = "+33639980149"
WEBER, DUPONT = "Dr Weber", "Cabinet Dupont"
type Entry = tuple[str, str, int, str, datetime]
"""For a calendar: what to do, with which entry, after how many changes, how it stands and when it is."""
LIVE_MS = 20_000
"""On a machine on which much runs."""
CODE = re.compile(r"\b\d{6}\b")
CLIENT = "select id from clients_client where name = ?"
SLOW = "select 1 from agenda_publicform where key = ? and made_at <= datetime('now', '-2 seconds')"
"""The form is older than a robot's."""


@asynccontextmanager
async def patient(browser: Browser) -> AsyncIterator[Page]:
    """Somebody with his telephone; scripts are off."""
    context = await browser.new_context(
        locale="fr-FR", viewport={"width": 390, "height": 844}, reduced_motion="reduce", java_script_enabled=False
    )
    yield await context.new_page()
    await context.close()


async def page_of(browser: Browser, house: WholeHouse, who: str, name: str) -> str:
    """The address that somebody's portal shows for his own page or that of the practice, to be given to patients."""
    ((client,),) = house.rows(CLIENT, name)
    doctor = await signed_in(browser, house, who, f"/portal/line/{client}/public")
    one = doctor.locator(".card__head").filter(has=doctor.get_by_role("heading", name=name, exact=True))
    address = await one.locator("a").get_attribute("href")
    await doctor.context.close()
    assert address is not None
    return address


async def grid_of(browser: Browser, house: WholeHouse, name: str, day: date) -> Page:
    """The secretary's agendas of a client on a day, as they stay open beside her console."""
    ((client,),) = house.rows(CLIENT, name)
    page = await signed_in(
        browser, house, cast.CLAIRE, "/console", locale="fr-FR", viewport={"width": 1366, "height": 768}
    )
    await page.goto(f"{house.site}/console/agenda?client={client}&day={day}")
    await expect(page.locator(".book__title")).to_have_attribute("data-day", day.isoformat())
    await expect(page.locator(".lane").first).to_be_visible()
    await page.evaluate("window.neverLeft = true")
    return page


async def reason_chosen(page: Page, address: str) -> None:
    """The first of the same name: on the page of a practice, with whoever is free first."""
    await page.goto(address)
    await page.get_by_role("radio", name="Consultation 15 min", exact=True).first.check()
    await page.get_by_label("Oui").check()
    await page.get_by_role("button", name="Voir les horaires").click()


@dataclass(frozen=True)
class Time:
    """A time that he is offered: the button, how the page writes it, which moment that is and with whom."""

    button: Locator
    words: str
    starts: datetime
    whom: str


async def offered(page: Page, *, day: int, least: int = 3) -> Time:
    """The first of the times of a day; days are counted that show at least so many."""
    one = page.locator("fieldset.dayslots").filter(has=page.locator(" ~ ".join(["label"] * least))).nth(day)
    heading = (await one.locator("h2").inner_text()).removesuffix("Neudorf").removesuffix("Meinau").strip()
    hour, *whom = (await one.locator("label").first.inner_text()).splitlines()
    button = one.locator("input[name=starts]").first
    _agenda, _at, value = (await button.get_attribute("value") or "").rpartition("@")
    starts = datetime.fromisoformat(value).astimezone(ZoneInfo("Europe/Luxembourg"))
    return Time(button, f"{heading}, {hour.strip()}", starts, whom[0].strip() if whom else "Dr Weber")


async def taken(page: Page, time: Time, *, press: str) -> None:
    await time.button.check()
    await page.get_by_role("button", name=press).click()


async def says_when(page: Page, time: Time) -> None:
    """The page of his appointment says the time as it was offered."""
    await expect(page.locator("h1")).to_have_text("Votre rendez-vous")
    await expect(page.locator(".public__when")).to_have_text(re.compile(f"^{time.words}$", re.IGNORECASE))


def visit(grid: Page, name: str, whom: str) -> Locator:
    """What stands in somebody's lane under this name."""
    return grid.locator(f".lane[data-name='{whom}'] .appt").filter(has_text=name)


async def stands(grid: Page, name: str, time: Time) -> None:
    """He stands in the secretary's grid once, at this time, with whom he chose."""
    await expect(visit(grid, name, time.whom)).to_have_attribute(
        "aria-label", re.compile(f"^{time.starts:%H:%M} "), timeout=LIVE_MS
    )


async def stands_no_more(grid: Page, name: str, time: Time) -> None:
    await expect(visit(grid, name, time.whom)).to_have_count(0, timeout=LIVE_MS)


async def told(house: WholeHouse, page: Page, *, name: str, number: str, mail: str, by: str) -> None:
    """Who he is, written no faster than people write."""
    await expect(page.locator("h1")).to_have_text("Vos coordonnées")
    fields = {"last_name": "Schmit", "first_name": name, "birth_date": "14.03.1961", "number": number, "mail": mail}
    for field, value in fields.items():
        await page.locator(f"#{field}").fill(value)
    await page.get_by_role("radio", name=by).check()
    await until("nobody writes faster", lambda: house.rows(SLOW, page.url.rpartition("/")[2]))
    await page.get_by_role("button", name="M’envoyer le code").click()
    await expect(page.locator("h1")).to_have_text("Tapez le code")


async def code_typed(page: Page, code: str) -> None:
    await page.locator("#code").fill(code)
    await page.get_by_role("button", name="Réserver").click()


async def mailed(house: WholeHouse, to: str, subject: str) -> EmailMessage:
    """The mail of this subject that came to this address by SMTP."""

    def found() -> EmailMessage | None:
        for path in sorted((house.data / "mail").glob("*.eml"), reverse=True):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if mail["To"] == to and str(mail["Subject"]).startswith(subject):
                return mail
        return None

    mail = await until(f"{to} gets: {subject}", found)
    assert mail is not None
    return mail


def text_of(mail: EmailMessage) -> str:
    """All its words, those for machines too."""
    return "\n".join(str(each.get_content()) for each in mail.walk() if each.get_content_maintype() == "text")


def texts(house: WholeHouse) -> list[str]:
    """All SMS that went out, as the demonstration's provider keeps them."""
    return [each.read_text() for each in (house.data / "sms").glob("*.sms")]


async def opened(house: WholeHouse, page: Page, mail: EmailMessage) -> None:
    """He opens the mail in his mailbox, and follows its secret link."""
    await page.goto(f"{house.site}/demo/mail")
    row = page.locator(".row").filter(has_text=str(mail["To"])).filter(has_text=str(mail["Subject"]))
    await row.locator("a").click()
    await page.locator("a[href*='/visit/']").click()
    await expect(page.locator("h1")).to_have_text("Votre rendez-vous")


def entry(mail: EmailMessage) -> Entry:
    """What his calendar makes of a mail."""
    (part,) = (each for each in mail.walk() if each.get_content_type() == "text/calendar")
    found = read(str(part.get_content()))
    assert part.get_param("method") == found[0]
    return found


def read(text: str) -> Entry:
    """An entry for a calendar as a calendar reads it."""
    calendar = Calendar.from_ical(text)
    (event,) = calendar.walk("VEVENT")
    assert event["CLASS"] == "PRIVATE"
    return calendar["METHOD"], str(event["UID"]), event["SEQUENCE"], event["STATUS"], event["DTSTART"].dt


async def test_a_patient_books_by_a_code_in_his_mailbox_and_moves_and_cancels_by_the_link_beside_the_secretary(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    address = await page_of(speaking_browser, house, cast.WEBER, WEBER)
    async with patient(speaking_browser) as his:
        await reason_chosen(his, address)
        first = await offered(his, day=1)  # of today something may pass meanwhile
        grid = await grid_of(speaking_browser, house, WEBER, first.starts.date())
        await taken(his, first, press="Continuer")
        await stands(grid, "un patient en ligne", first)
        await told(house, his, name="Mett", number="621 000 147", mail=METT, by="Courriel")
        code = CODE.search(text_of(await mailed(house, METT, "Votre code")))
        assert code is not None
        await code_typed(his, code.group())
        await says_when(his, first)
        await stands(grid, "SCHMIT Mett", first)
        await stands_no_more(grid, "un patient en ligne", first)
        file = await his.get_by_role("link", name="Mettre dans mon agenda").get_attribute("href")
        as_file = read(await (await his.request.get(house.site + (file or ""))).text())

        booked = await mailed(house, METT, "Votre rendez-vous est réservé")
        method, uid, *kept = entry(booked)
        assert (method, *kept) == ("REQUEST", 0, "CONFIRMED", first.starts)
        assert as_file == ("PUBLISH", uid, *kept)
        assert "Consultation" not in text_of(booked)

        await opened(house, his, booked)
        await his.get_by_role("link", name="Un autre horaire").click()
        for language in ("Deutsch", "English", "Français"):
            await his.get_by_role("button", name=language).click()
            await expect(his.locator(f"button[aria-current]:text-is('{language}')")).to_be_visible()
            assert await Screen(his, house.site).fits(), language
        later = await offered(his, day=0, least=1)
        assert later.starts.date() == first.starts.date()
        await taken(his, later, press="Déplacer à cet horaire")
        await says_when(his, later)
        await stands(grid, "SCHMIT Mett", later)
        moved = await mailed(house, METT, "Votre rendez-vous est déplacé")
        assert entry(moved) == ("REQUEST", uid, 1, "CONFIRMED", later.starts)

        await opened(house, his, moved)
        await his.get_by_role("link", name="Annuler le rendez-vous").click()
        await his.get_by_role("button", name="Annuler le rendez-vous").click()
        await expect(his.locator("h1")).to_have_text("Rendez-vous annulé")
        await stands_no_more(grid, "SCHMIT Mett", later)
        cancelled = await mailed(house, METT, "Votre rendez-vous est annulé")
        assert entry(cancelled)[:2] == ("CANCEL", uid)
    assert await grid.evaluate("window.neverLeft")
    await grid.context.close()


async def test_a_patient_takes_whoever_is_free_first_by_a_code_on_her_telephone_beside_the_secretary(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    address = await page_of(speaking_browser, house, cast.DUPONT, DUPONT)
    async with patient(speaking_browser) as hers:
        await reason_chosen(hers, address)
        first = await offered(hers, day=1)
        grid = await grid_of(speaking_browser, house, DUPONT, first.starts.date())
        await taken(hers, first, press="Continuer")
        await stands(grid, "un patient en ligne", first)
        await told(house, hers, name="Linn", number="06 39 98 01 49", mail=LINN, by="SMS")
        telephone = await hers.context.new_page()
        await until("she gets an SMS", lambda: [each for each in texts(house) if LINNS_NUMBER in each])
        await telephone.goto(f"{house.site}/demo/sms")
        said = await telephone.locator(f"section[aria-label='{LINNS_NUMBER}'] .sms__text").inner_text()
        code = CODE.search(said)
        assert code is not None
        await code_typed(hers, code.group())
        await says_when(hers, first)
        await expect(hers.locator(".public__sum")).to_contain_text(first.whom)
        await stands(grid, "SCHMIT Linn", first)
        assert entry(await mailed(house, LINN, "Votre rendez-vous est réservé"))[-1] == first.starts
    assert await grid.evaluate("window.neverLeft")
    await grid.context.close()
