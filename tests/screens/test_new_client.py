# SPDX-License-Identifier: AGPL-3.0-or-later
"""A new client from the first click to the first answered call, and to what he changes himself: by keyboard alone."""

from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from permanence.project import demo_cast as cast
from permanence.project.line_states import read_table
from tests.screens.looks import looks_right
from tests.screens.pages import PAINTED, ConsolePage, LoginPage
from tests.screens.whole_house import WholeHouse, answered, at_seat, until, wrapped_up

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME, LINE, TYPED = "Dr Klein", "+35220000909", "20 00 09 09"
PUBLIC, MOBILE, CALLER = "26 00 00 01", "+352621000147", "+352621000188"
EMAIL, PASSWORD = "klein@klein.example", "la lune est pleine"
GREETING = "Cabinet médical Dr Klein, bonjour. Claire à votre écoute."
CHANGED = "Résultats : le médecin rappelle entre 12 h et 13 h."
OWNERS_KEYS = 330
"""From signing in to a client whose calls are answered and who reads his messages; 150 of them are typed text."""
NUMBERS = {"de": "20 00 09 12", "fr": "20 00 09 13", "en": "20 00 09 14"}
FOCUSED = "(element) => element === document.activeElement"


@dataclass
class Hands:
    """Somebody who has a keyboard and nothing else: `keys` counts what was pressed."""

    page: Page
    keys: int = 0

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            await self.page.keyboard.press(key)

    async def types(self, text: str) -> None:
        self.keys += len(text)
        await self.page.keyboard.type(text)

    async def goes_to(self, target: Locator) -> None:
        """Tab until it has the focus."""
        await expect(target).to_have_count(1)
        for _ in range(120):
            if await target.evaluate(FOCUSED):
                return
            await self.press("Tab")
        raise AssertionError(f"no Tab leads to {target}")

    async def lands(self, address: str) -> None:
        """Waits until the page of this address is painted."""
        await self.page.wait_for_url(address)
        await self.page.evaluate(PAINTED)

    async def signs_in(self, site: str, path: str, email: str, password: str) -> None:
        await self.page.goto(f"{site}/login?next={path}")
        await self.page.evaluate(PAINTED)
        await self.types(email)
        await self.press("Tab")
        await self.types(password)
        await self.press("Enter")
        await self.page.wait_for_url(lambda url: "/login" not in url)


async def opened(browser: Browser, house: WholeHouse, *, width: int, height: int) -> tuple[Hands, LoginPage]:
    context = await browser.new_context(
        locale="fr-FR", viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    page = await context.new_page()
    return Hands(page), LoginPage(page, house.site)


async def opens_the_client(marc: Hands) -> None:
    """From the list to the page on which he is set up, with the doctor's template."""
    page = marc.page
    await marc.goes_to(page.locator("a[href$='/accounts/new']"))
    await marc.press("Enter")
    await marc.lands("**/accounts/new")
    await expect(page.locator("input[name=template][value=doctor]")).to_be_focused()
    await marc.press("ArrowDown", "ArrowUp")
    await expect(page.locator("input[name=template][value=doctor]")).to_be_checked()
    await marc.press("Tab")
    await marc.types(NAME)
    await marc.press("Enter")
    await marc.lands("**/accounts/new?*")
    await expect(page.locator("[name=greeting_fr]")).to_have_value(GREETING.replace("Claire", "{name}"))
    await marc.goes_to(page.locator("[name=always]"))
    await marc.press("Space")
    await marc.goes_to(page.locator("[name=recipient_0_email]"))
    await marc.types(EMAIL)
    await marc.press("Control+Enter")
    await marc.lands("**/onboarding/*#number")


async def sets_him_up(marc: Hands, house: WholeHouse) -> None:
    """Number, his telephone, the codes, and a real call that the page says has arrived."""
    page = marc.page
    await expect(page.locator("[role=status]").first).to_contain_text(NAME)
    await marc.goes_to(page.get_by_label("Numéro de la maison pour ce client"))
    await marc.types(TYPED)
    await marc.press("Enter")
    await marc.lands("**#phone")
    await marc.goes_to(page.get_by_label("Numéro que ses appelants composent"))
    await marc.types(PUBLIC)
    await marc.press("Enter")
    await marc.lands("**#codes")
    await expect(page.locator(".onboarding__keys")).to_have_text(f"*21*{LINE.replace('+352', '')}#")
    await marc.goes_to(page.get_by_label("Le téléphone d’où vous appelez"))
    await marc.press("Enter")
    await marc.lands("**#test")
    test = page.locator("[data-test]")
    await expect(test).to_have_attribute("data-test", "run")
    await until("the exchange knows the line", lambda: read_table(house.data).client_of(LINE) is not None)
    async with house.call(LINE, "--from", MOBILE, "--forwarded-from", "+35226000001", "--language", "fr") as phone:
        await expect(test).to_have_attribute("data-test", "good", timeout=20000)
        phone.hang_up()
        await phone.over()
    await marc.goes_to(page.locator("button[name=state][value=trial]"))
    await marc.press("Enter")
    await marc.lands("**#answer")
    await expect(page.locator(".onboarding__steps li:not(.is-done)")).to_have_count(2)  # agenda and "each day" can wait
    await expect(page.locator(".onboarding__left")).to_contain_text("Ses appels arrivent chez nous")


async def lets_him_into_the_portal(marc: Hands) -> None:
    page = marc.page
    await marc.goes_to(page.locator("#answer a[href*='portal=']"))
    await marc.press("Enter")
    await marc.lands("**/person/add/**")
    await expect(page.locator("#id_email")).to_have_value(EMAIL)
    await expect(page.locator("#id_name")).to_have_value(NAME)
    await marc.goes_to(page.locator("#id_new_password"))
    await marc.types(PASSWORD)
    await marc.press("Enter")
    await marc.lands("http://localhost:*/backstage/onboarding/**")
    await expect(page.locator("#answer")).to_be_visible()


async def takes_the_call(claire: ConsolePage, house: WholeHouse) -> None:
    """The card shows the template's greeting and script; she answers by it, and the message is saved."""
    async with house.call(LINE, "--language", "fr", "--name", "Jeanne Hoffmann", "--from", CALLER) as phone:
        await claire.shows("ringing")
        await expect(claire.by_id("ring-name")).to_have_text(NAME)
        await expect(claire.by_id("ring-say")).to_contain_text(GREETING)
        await answered(claire, phone)
        await expect(claire.by_id("script-ask")).to_contain_text("Vous appelez pour vous-même")
        await claire.press("Alt+s")
        await claire.press("1")
        await expect(claire.by_id("script-ask")).to_contain_text("C’est à quel sujet")
        await claire.press("4")
        await expect(claire.by_id("script-ask")).to_contain_text("Que dois-je noter")
        await claire.type("analyse de lundi")
        await claire.press("Enter")
        await expect(claire.by_id("script-ask")).to_contain_text("vos nom et prénom")
        await claire.press("Enter")
        await expect(claire.by_id("script-ask")).to_contain_text("date de naissance")
        await claire.type("03031984")
        await claire.press("Enter")
        await expect(claire.by_id("script-ask")).to_contain_text("À quel numéro")
        await claire.press("Enter")
        await claire.press("Enter")
        await expect(claire.by_id("script-route")).to_be_visible()
        await claire.press("Control+Enter")
        await expect(claire.by_id("toasts")).to_contain_text("Message enregistré pour")
        await claire.press("F9")
        assert await phone.over() == 0
    await claire.presence_is("wrap")
    await claire.press("F2")
    await claire.presence_is("ready")


async def changes_an_instruction(klein: Hands, house: WholeHouse) -> None:
    page = klein.page
    await klein.signs_in(house.site, "/portal/line", EMAIL, PASSWORD)
    await klein.lands("**/portal/line/*")
    await klein.goes_to(page.locator(".order", has_text="jamais lus au téléphone").locator("a"))
    await klein.press("Enter")
    await klein.lands("**/instructions/*")
    await klein.goes_to(page.locator("#text"))
    await klein.press("Control+a")
    await klein.types(CHANGED)
    await klein.goes_to(page.locator("button[value=check]"))
    await klein.press("Enter")
    await expect(page.locator("#shown + .rows .order--new")).to_contain_text("entre 12 h et 13 h")
    await page.evaluate(PAINTED)
    await klein.goes_to(page.locator("button[value=save]"))
    await klein.press("Enter")
    await klein.lands("**saved=instruction*")


async def test_a_new_client_from_the_first_click_to_the_first_answered_call_and_his_own_change(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    marc, owners = await opened(speaking_browser, house, width=1366, height=768)
    await marc.signs_in(house.site, "/backstage/accounts/", cast.MARC, cast.PASSWORD)
    await marc.lands("**/backstage/accounts/")
    await opens_the_client(marc)
    await sets_him_up(marc, house)
    await lets_him_into_the_portal(marc)
    assert marc.keys <= OWNERS_KEYS

    async with at_seat(speaking_browser, house, cast.CLAIRE, locale="fr-FR") as claire:
        await takes_the_call(claire, house)
        klein, doctors = await opened(speaking_browser, house, width=390, height=844)
        await changes_an_instruction(klein, house)
        async with house.call(LINE, "--language", "fr", "--from", CALLER) as phone:
            await claire.shows("ringing")
            new = claire.page.locator("#view-ringing .order--new")
            await expect(new).to_have_count(1)
            await expect(new).to_contain_text("entre 12 h et 13 h")
            await expect(claire.page.locator("#view-ringing")).not_to_contain_text("jamais lus au téléphone")
            await answered(claire, phone)
            await claire.press("F9")
            assert await phone.over() == 0
        await wrapped_up(claire)
        await doctors.page.context.close()
    assert owners.complaints == doctors.complaints == []
    await owners.page.context.close()


@pytest.mark.parametrize("locale", ["de-DE", "fr-FR", "en-GB"])
async def test_its_pages_look_right_in_every_language(
    house: WholeHouse, speaking_browser: Browser, locale: str
) -> None:
    context = await speaking_browser.new_context(
        locale=locale, viewport={"width": 1366, "height": 768}, reduced_motion="reduce"
    )
    screen = LoginPage(await context.new_page(), house.site)
    await screen.open("/login?next=/backstage/accounts/new")
    await screen.painted()
    await screen.sign_in(cast.MARC, cast.PASSWORD)
    await screen.page.wait_for_url("**/accounts/new")
    code = locale[:2]
    await context.add_cookies([{"name": "django_language", "value": code, "url": house.site}])
    await screen.page.reload()
    await expect(screen.page.locator("html")).to_have_attribute("lang", code)
    await looks_right(screen, f"new-{code}", ("1366", "390"))
    await screen.page.fill("#id_name", f"Dr Klein {code}")
    await screen.page.press("#id_name", "Enter")
    await screen.page.wait_for_url("**/accounts/new?*")
    await looks_right(screen, f"new-filled-{code}", ("1366", "390"))
    await screen.page.fill("[name=day_0]", "99")
    await screen.page.press("[name=day_0]", "Control+Enter")
    await expect(screen.page.locator("[name=day_0]")).to_be_focused()
    await expect(screen.page.locator(".error")).to_have_count(1)
    await looks_right(screen, f"new-wrong-{code}", ("390",))
    await screen.page.fill("[name=day_0]", "8-12")
    await screen.page.press("[name=day_0]", "Control+Enter")
    await screen.page.wait_for_url("**/onboarding/*#number")
    await screen.page.fill("#number_number", NUMBERS[code])
    await screen.painted()
    await screen.page.press("#number_number", "Enter")
    await screen.page.wait_for_url("**#phone")
    await screen.page.locator("[name=mode][value=no_answer]").check()
    await screen.page.fill("#phone_public_number", cast.WEBER_LINE)
    await screen.painted()
    await screen.page.press("#phone_public_number", "Enter")
    await expect(screen.page.locator(".error")).to_have_count(1)
    await looks_right(screen, f"setting-up-wrong-{code}", ("390",))
    await screen.page.fill("#phone_public_number", PUBLIC[:-1] + NUMBERS[code][-1])
    await screen.page.press("#phone_public_number", "Enter")
    await screen.page.wait_for_url("**#codes")
    await looks_right(screen, f"setting-up-{code}", ("1366", "390"))
    assert screen.complaints == []
    await context.close()
