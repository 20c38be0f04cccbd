# SPDX-License-Identifier: AGPL-3.0-or-later
"""What will be said, as the owner sees it: the week, what is missing, a moment asked by keyboard, a page checked."""

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import SIZES
from tests.screens.pages import LoginPage, Screen, violations

SPOKEN = """
from datetime import timedelta
from permanence.clients import absences, operations, queries
from permanence.clients.models import Greeting
from permanence.clients.rules.spoken import GreetingWhen
from permanence.foundation.models import Person
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemClock
at, by = SystemClock().now(), who_is(Person.objects.get(email="marc@permanence.example"))
client = next(each for each in queries.clients(house=by.house) if each.name == "Cabinet Dupont")
two = [each.id for each in queries.recipients(house=by.house, client=client.id)][:2]
absences.announce_absence(client=client.id, recipient=two[0], urgent_to=two[1],
    starts=at + timedelta(hours=20), ends=at + timedelta(days=3),
    words="Le Dr Dupont est en formation, retour lundi.", announced_by=by.person, by=by, at=at)
Greeting.objects.filter(client=client.id, language="de").delete()
for text, when in (
    ("Arztpraxis Dupont, guten Tag. {name}.", GreetingWhen(day_type="chosen", weekdays=(0, 1, 2, 3))),
    ("Guten Samstag, Arztpraxis Dupont. {name}.", GreetingWhen(day_type="saturday")),
):
    operations.set_greeting(client=client.id, language="de", text=text, when=when, by=by, at=at)
print(client.id)
"""


async def looks_right(screen: Screen, name: str, sizes: tuple[str, ...] = ("1366",)) -> None:
    """Both themes, each as the page opens in it: Django's colours move when the theme changes under an open page."""
    for scheme in ("light", "dark"):
        await screen.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await screen.page.evaluate("() => Promise.all(document.getAnimations().map((one) => one.finish()))")
        for size in sizes:
            width, height = SIZES[size]
            await screen.page.set_viewport_size({"width": width, "height": height})
            await screen.shot(f"{name}-{size}-{scheme}")
            assert await screen.fits()
            assert await violations(screen.page) == []
    await screen.page.set_viewport_size({"width": 1366, "height": 768})


async def test_what_will_be_said_at_every_size_and_in_both_themes(browser: Browser, site: Site) -> None:
    client = site.run(SPOKEN)
    context = await browser.new_context(locale="fr-FR", viewport={"width": 1366, "height": 768})
    page = await context.new_page()
    login = LoginPage(page, site.url)
    await site.let_in(context, cast.MARC)
    await login.open(f"/backstage/clients/client/{client}/said/")
    await expect(page.locator(".findings li")).to_have_count(1)
    await expect(page.locator(".findings li")).to_contain_text("Rien à dire en allemand")
    await expect(page.locator(".week tbody tr")).to_have_count(7)
    await looks_right(login, "said", ("1366", "390"))
    await page.locator("#id_day").fill("06/06/2027")
    await page.locator("#id_time").fill("03:00")
    await page.locator("#id_time").press("Enter")
    await expect(page.locator(".said__shown")).to_contain_text("Annonce de fermeture")
    await expect(page.locator(".said__shown")).to_contain_text("15")
    await page.locator("#id_day").fill("07/06/2027")
    await page.locator("#id_time").fill("10:00")
    await login.painted()
    await page.locator("#id_time").press("Enter")
    await expect(page.locator(".said__shown .say").first).to_contain_text("Marc, je vous écoute")
    await looks_right(login, "said-asked")
    await page.locator(".said__head a").click()
    await page.wait_for_url("**/change/")
    await looks_right(login, "client-page")
    await page.locator("input[name=_check]").click()
    await expect(page.locator(".said__unsaved h2")).to_have_text("Vérifié, pas encore enregistré")
    await expect(page.locator(".errornote")).to_have_count(0)
    await looks_right(login, "client-checked")
    assert login.complaints == []
    await context.close()
