# SPDX-License-Identifier: AGPL-3.0-or-later
"""Instructions in the back office and for the supervisor: two authors at once, a card shown again, who has read."""

from playwright.async_api import Browser, Page, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import LoginPage

WRITTEN = """
from datetime import timedelta
from permanence.calls.handlers import apply_engine_event
from permanence.clients import operations, queries, reading
from permanence.clients.rules import Scope
from permanence.foundation.models import Person
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemClock
from permanence.reception.events import CallAnswered, CallOffered, OfferEnded, Reason, ShownAbsence, ShownInstruction
from permanence.reception.greeting import CardGreeting
from permanence.telephony.events import CallArrived
from permanence.staff import queries as staff
from permanence.switchboard.operations import current_slice
at = SystemClock().now()
marc, claire = (who_is(Person.objects.get(email=f"{name}@permanence.example")) for name in ("marc", "claire"))
weber = next(each for each in queries.clients(house=marc.house) if each.name == "Dr Weber")
recipient = queries.recipients(house=marc.house, client=weber.id)[0]
text = "**À partir de lundi** : les résultats sont lus au téléphone par le cabinet.\\n- Nom\\n- Date de naissance"
key = operations.write_instruction(client=weber.id, text=text, author=marc.person, by=marc, at=at, priority=50,
    acknowledge=True, scope=Scope(recipient=recipient.id, caller="+352621000147"))
reading.acknowledge_instruction(instruction=key, version=1, by=claire, at=at)
ids = {each.name: each.id for each in staff.secretaries(house=marc.house)}
shown = (ShownInstruction(id=key, version=1, is_new=True, author="Marc", recipient=recipient.name),)
card = dict(name="Dr Weber", instructions=shown, shown=(f"{key}:1",), greetings=(
    CardGreeting(language="fr", text="Cabinet du docteur Weber, bonjour. Claire à votre écoute."),),
    absences=(ShownAbsence(name="Dr Weber", starts_ms=1795000000000, ends_ms=1795900000000, words="En visite.",
        urgent_name="Dr Klein"),))
house, call = {"house": marc.house, "at": at}, {"call": "c1", "client": weber.id}
line = queries.client_file(house=marc.house, client=weber.id, at=at).lines[0]
first, second = "Aoife", "Claire"
kept = dict(place="Luxembourg", time_zone="Europe/Luxembourg", open_until_ms=1795000000000,
    parts=current_slice(house=marc.house, client=weber.id, at=at).parts)
why = (Reason(code="longest_ready", detail="250"), Reason(code="speaks", detail="fr"))
after = (Reason(code="only_ready"), Reason(code="speaks", detail="fr"),
    Reason(code="offer_ended", detail="missed", name=first))
events = (
    CallArrived(**house, **call, trunk="t", called_line=line, caller="+352621000147", display="Jeanne Hoffmann"),
    CallOffered(**house, **call, offer="o1", secretary=ids[first], seat="s", until_ms=0, why=why, **card),
    OfferEnded(**house, **call, offer="o1", secretary=ids[first], how="missed"),
    CallOffered(**house, **call, offer="o2", secretary=ids[second], seat="s", until_ms=0, why=after, **card, **kept),
    CallAnswered(**house, **call, offer="o2", secretary=ids[second], seat="s", waited_ms=14000),
)
for number, event in enumerate(events, start=1):
    apply_engine_event("e1", number, event)
"""
THE_OTHER = """
from permanence.clients import operations
from permanence.clients.models import Instruction
from permanence.foundation.models import Person
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemClock
row, by = Instruction.objects.get(priority=50), who_is(Person.objects.get(email="weber@weber.example"))
operations.revise_instruction(client=str(row.client_id), instruction=str(row.pk), author=by.person, by=by,
    text="**À partir de mardi** : les résultats sont lus au téléphone par nous.\\n- Nom\\n- Date de naissance",
    at=SystemClock().now(), priority=50)
"""
BOX = "els => els.map((el) => el.textContent)"


async def marc_at(browser: Browser, site: Site, path: str) -> LoginPage:
    context = await browser.new_context(locale="fr-FR", viewport={"width": 1366, "height": 768})
    login = LoginPage(await context.new_page(), site.url)
    await site.let_in(context, cast.MARC)
    await login.open(path)
    return login


async def test_a_card_shown_again_and_who_has_read(browser: Browser, site: Site) -> None:
    site.run(WRITTEN)
    login = await marc_at(browser, site, "/supervision/calls")
    page = login.page
    await page.locator(".calls__table tbody a").first.click()
    await page.wait_for_url("**/supervision/calls/c1")
    await expect(page.locator(".card--client")).to_have_count(2)
    await expect(page.locator(".replay .marked strong").first).to_have_text("À partir de lundi")
    await expect(page.locator(".replay__none")).to_have_count(1)  # what the first card showed beside was not kept
    await expect(page.locator(".replay--beside")).to_contain_text("Pour qui")
    await looks_right(login, "replay", ("1366", "390"))
    await page.get_by_role("link", name="Consignes").click()
    await page.wait_for_url("**/supervision/instructions")
    await expect(page.locator(".reading")).to_have_count(1)
    await expect(page.locator(".reading .facts")).to_contain_text("Aoife")
    await looks_right(login, "readings", ("1366", "390"))
    site.run(THE_OTHER)
    await expect(page.locator(".reading .marked strong").first).to_have_text("À partir de mardi")
    assert login.complaints == []
    await page.context.close()


async def looked_at(page: Page) -> None:
    async with page.expect_navigation():
        await page.locator("input[name=_check]").click()


async def saved(page: Page) -> None:
    await page.locator("input[name=_save]").click()


async def test_two_who_write_at_once_see_both_texts(browser: Browser, site: Site) -> None:
    site.run(WRITTEN)
    login = await marc_at(browser, site, "/backstage/clients/instruction/")
    page = login.page
    await page.locator("#result_list tbody th a").first.click()
    await expect(page.locator(".preview .marked li")).to_have_count(2)
    await looks_right(login, "instruction", ("1366", "390"))
    await page.fill("#id_text", "**À partir de lundi** : les résultats sont lus au téléphone par le cabinet.\n- Nom")
    site.run(THE_OTHER)
    await looked_at(page)
    await expect(page.locator(".meanwhile")).to_be_visible()
    assert "mardi**" in await page.locator(".meanwhile mark").evaluate_all(BOX)
    await expect(page.locator("#id_text")).to_have_value(
        "**À partir de lundi** : les résultats sont lus au téléphone par le cabinet.\n- Nom"
    )
    await looks_right(login, "meanwhile", ("1366", "390"))
    await looked_at(page)
    await saved(page)
    await page.wait_for_url("**/backstage/clients/instruction/")
    await expect(page.locator("#result_list")).to_contain_text("par le cabinet")
    await page.goto(f"{site.url}/backstage/clients/client/")
    await page.get_by_role("link", name="Dr Weber").click()
    await page.get_by_role("link", name="Écrire une consigne").click()
    await expect(page.locator("#id_recipient")).to_be_visible()
    await looks_right(login, "instruction-new", ("1366",))
    assert login.complaints == []
    await page.context.close()
