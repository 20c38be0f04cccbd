# SPDX-License-Identifier: AGPL-3.0-or-later
"""From the secretary to the doctor and back: mail, portal, acknowledgements, answers; and robots that follow links."""

import email
import email.policy
import re
from collections import Counter
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.async_api import APIRequestContext, Browser, Page, expect

from permanence.project import demo_cast as cast
from tests.screens.pages import ConsolePage, violations
from tests.screens.whole_house import WholeHouse, answered, at_seat, signed_in, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINK = re.compile(r"https?://[^\s<>\"]+")
HREF = re.compile(r"(?:href|src|action|data-read|data-part)=\"([^\"]+)\"")
PREFETCH = {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender"}
TABLES = (
    "select key, sent_at, delivered_at, failed_at, acknowledged_at from messaging_message order by key",
    "select * from messaging_messageread",
    "select * from messaging_messageacknowledged",
    "select * from messaging_messageanswer",
)
SECRET = "Tousse depuis trois jours"


async def message_taken(console: ConsolePage, house: WholeHouse, line: str, *, caller: str, text: str) -> str:
    """A real call of `caller` whose message is for the first recipient; gives the message's id once delivered."""
    await house.set_hours(line, always=True)
    async with house.call(line, "--language", "fr", "--name", caller) as phone:
        await answered(console, phone)
        if await console.by_id("recipient-field").is_visible():
            await console.choose_first("recipient")
        await console.choose_first("reason")
        await console.write(text)
        await console.press("Control+Enter")
        await expect(console.by_id("toasts")).to_contain_text("Message enregistré pour")
        await console.press("F9")
        assert await phone.over() == 0
    await console.presence_is("wrap")
    await console.press("F2")
    await console.presence_is("ready")
    ((key,),) = house.rows("select key from messaging_message where caller_name = ?", caller)
    delivered = "select 1 from messaging_message where key = ? and delivered_at is not null"
    await until("the mail is delivered", lambda: house.rows(delivered, key), within_s=60)
    return str(key)


def state(house: WholeHouse) -> list[list[tuple[Any, ...]]]:
    """Everything that is known of the messages."""
    return [house.rows(table) for table in TABLES]


def mailed_links(house: WholeHouse) -> set[str]:
    """Every link of every part of every mail."""
    found: set[str] = set()
    for path in (house.data / "mail").glob("*.eml"):
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for piece in mail.walk():
            if piece.get_content_maintype() == "text":
                found.update(LINK.findall(str(piece.get_content())))
    return found


async def follow(robot: APIRequestContext, address: str) -> str:
    """HEAD and GET, as a scanner of links does it, with everything that was found there."""
    await robot.head(address, headers=PREFETCH)
    answer = await robot.get(address, headers=PREFETCH)
    return "" if "audio" in answer.headers.get("content-type", "") else await answer.text()


ENOUGH = 6


async def crawl(robot: APIRequestContext, site: str, start: str) -> dict[str, str]:
    """Every address of the site that can be reached from a page, forms' actions as well; what each one showed.

    An agenda has a next day without end: of one path a few queries are enough.
    """
    waiting, seen, of_path = [start], {}, Counter[str]()
    while waiting:
        address = waiting.pop()
        if address in seen or urlsplit(address).path.startswith(("/static", "/login")):
            continue
        of_path[urlsplit(address).path] += 1
        if of_path[urlsplit(address).path] > ENOUGH:
            continue
        seen[address] = await follow(robot, address)
        links = (urljoin(address, link.replace("&amp;", "&")).split("#")[0] for link in HREF.findall(seen[address]))
        waiting += [link for link in links if link.startswith(site)]
    return seen


async def test_a_robot_that_follows_every_link_changes_nothing(house: WholeHouse, speaking_browser: Browser) -> None:
    async with at_seat(speaking_browser, house, cast.CLAIRE, locale="fr-FR") as claire:
        key = await message_taken(claire, house, cast.WEBER_LINE, caller="Robot Robert", text=SECRET)
    before = state(house)
    links = mailed_links(house)
    assert any(key in link for link in links)

    stranger = await speaking_browser.new_context()
    for link in links:
        assert SECRET not in await follow(stranger.request, link)
    await stranger.close()
    doctor = await signed_in(speaking_browser, house, cast.WEBER, "/portal", java_script_enabled=False)
    shown: dict[str, str] = {}
    for link in [*links, f"{house.site}/portal"]:
        shown |= await crawl(doctor.request, house.site, link)
    assert any(SECRET in page for page in shown.values())
    assert any(address.endswith(f"{key}/acknowledge") for address in shown)
    assert state(house) == before
    await doctor.context.close()

    reader = await signed_in(speaking_browser, house, cast.WEBER, "/portal")
    await reader.get_by_role("link", name="Robot Robert").click()
    read = "select 1 from messaging_messageread r join messaging_message m on m.id = r.message_id where m.key = ?"
    await until("a person who sees it has read it", lambda: house.rows(read, key))
    await reader.context.close()


async def test_a_colleagues_acknowledgement_is_his_and_the_answer_reaches_the_secretary(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    async with at_seat(speaking_browser, house, cast.CLAIRE, locale="fr-FR") as claire:
        key = await message_taken(claire, house, cast.DUPONT_LINE, caller="Paul Meyer", text="Fièvre de l’enfant.")
        row = claire.messages("view-idle").filter(has_text="Paul Meyer")

        colleague = await opened(speaking_browser, house, cast.LEMAIRE, key)
        await expect(colleague.locator("main")).to_contain_text("Dr Anne Dupont")
        await colleague.locator("form[action$=acknowledge] button").click()
        await expect(colleague.locator("main")).to_contain_text("le destinataire pas encore")
        await expect(row).to_contain_text("Dr Marc Lemaire")
        assert house.rows("select acknowledged_at from messaging_message where key = ?", key) == [(None,)]

        recipient = await opened(speaking_browser, house, cast.DUPONT, key)
        await expect(recipient.locator("#track")).to_contain_text("Dr Marc Lemaire")
        await recipient.fill("#text", "Je passe à 18 h. Dites-le-lui.")
        await recipient.locator("form#answer button").click()
        await expect(recipient.locator("#answers")).to_contain_text("Je passe à 18 h.")
        await expect(row.locator(".item__answer")).to_contain_text("Je passe à 18 h. Dites-le-lui.")
        await recipient.locator("form[action$=acknowledge] button").click()
        await expect(row.locator(".track")).to_contain_text("Dr Anne Dupont")
        await claire.shot("console-idle-1366-light")

        for stranger in (cast.WEBER, cast.ATLAS):
            page = await signed_in(speaking_browser, house, stranger, "/portal")
            assert "Paul Meyer" not in await page.content()
            answer = await page.goto(f"{house.site}/portal/messages/{key}")
            assert answer is not None
            assert answer.status == 404
            await page.context.close()
        await colleague.context.close()
        await recipient.context.close()


async def opened(browser: Browser, house: WholeHouse, who: str, key: str) -> Page:
    """A message on the portal of somebody, come to by the mail's link and the sign-in."""
    return await signed_in(browser, house, who, f"/portal/messages/{key}")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_portal_fits_a_telephone_and_axe_finds_nothing(
    house: WholeHouse, speaking_browser: Browser, theme: str
) -> None:
    async with at_seat(speaking_browser, house, cast.CLAIRE, locale="fr-FR") as claire:
        caller = f"Portail {theme}"
        key = await message_taken(claire, house, cast.DUPONT_LINE, caller=caller, text="Demande un certificat.")
    page = await signed_in(speaking_browser, house, cast.DUPONT, "/portal", color_scheme=theme)
    screen = ConsolePage(page, house.site)
    await expect(page.get_by_role("link", name=caller)).to_be_visible()
    assert await screen.fits()
    assert await violations(page) == []
    await screen.shot(f"portal-list-390-{theme}")
    await page.goto(f"{house.site}/portal/messages/{key}")
    await expect(page.locator("#track")).to_contain_text("Lu")
    assert await screen.fits()
    assert await violations(page) == []
    await screen.shot(f"portal-message-390-{theme}")
    await page.context.close()
