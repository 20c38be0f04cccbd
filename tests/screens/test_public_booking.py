# SPDX-License-Identifier: AGPL-3.0-or-later
"""A patient books on his telephone with JavaScript off, moves and cancels; every page is looked at by axe."""

import re
from datetime import UTC, datetime

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import LoginPage, Screen

SIZES = ("390", "1366")
OPEN = """
from datetime import UTC, datetime
from permanence.agenda.operations import public_pages, reasons, setting
from permanence.agenda.rules import kinds
from permanence.clients import queries as clients
from permanence.foundation.operations import house_system
by, at = house_system(house="demo"), datetime.now(UTC)
client = next(each for each in clients.clients(house="demo") if each.name == "Dr Weber").id
recipient = clients.recipients(house="demo", client=client)[0].id
agenda = setting.open_agenda(client=client, recipient=recipient, name="Dr Weber", by=by, at=at).id
week = [kinds.Opening(id="", agenda=agenda, weekday=day, opens=opens, until=until, on_holidays=True)
        for day in range(7) for opens, until in (("08:00", "12:00"), ("14:00", "16:00"))]
setting.set_openings(agenda=agenda, openings=week, by=by, at=at)
asked = kinds.Question(id="heart", text="Portez-vous un stimulateur cardiaque ?")
def add(name, minutes, **more):
    wanted = kinds.VisitReason(id="", client=client, name=name, minutes=minutes, **more)
    return reasons.set_reason(client=client, reason=wanted, by=by, at=at).id
offered = (
    add("Consultation de suivi", 20, minutes_new=40, contra_indications=(asked,), youngest=18,
        documents=("Carte de sécurité sociale", "Dernières analyses"),
        questions=(kinds.Question(id="letter", text="Avez-vous une lettre de votre médecin ?"),)),
    add("Vaccination", 10),
)
public_pages.set_page(client=client, agenda=agenda, slug="dr-weber", active=True, reasons=offered, by=by, at=at,
                      phone="27 00 00 10")
"""
MAIL = """
from datetime import UTC, datetime, timedelta
from permanence.agenda.operations import public_mails
from permanence.dispatch.public_mails import compose
at = datetime.now(UTC)
while (taken := public_mails.take_due(at=at, lease=timedelta(minutes=3))) is not None:
    print(compose(taken, at=at).get_body(("plain",)).get_content())
    public_mails.finish(taken, at=at, sent=True)
"""


REMINDED = """
from datetime import UTC, datetime
from permanence.clients import queries as clients
from permanence.dispatch import reminder_operations
from permanence.dispatch.models import Reminder
from permanence.foundation.operations import house_system
from permanence.kernel.system import SystemEntropy
by, at = house_system(house="demo"), datetime.now(UTC)
client = next(each for each in clients.clients(house="demo") if each.name == "Dr Weber").id
reminder_operations.change_contact_rule(
    client=client, names_practice=True, remind_hours=48, by=by, at=at, entropy=SystemEntropy())
print(reminder_operations.link_of(Reminder.objects.get().key).rpartition("/")[2])
"""


async def phone(browser: Browser, site: Site, *, script: bool) -> Screen:
    context = await browser.new_context(
        locale="fr-FR", viewport={"width": 390, "height": 844}, reduced_motion="reduce", java_script_enabled=script
    )
    return Screen(await context.new_page(), site.url)


async def choose(screen: Screen, *, day: int = 0) -> None:
    """The reason, and the first time of a day."""
    page = screen.page
    await page.goto(f"{screen.site}/rdv/dr-weber/")
    await page.get_by_text("Consultation de suivi").click()
    await page.get_by_text("Oui", exact=True).click()
    await page.get_by_role("button", name="Voir les horaires").click()
    await page.get_by_role("link", name="Semaine suivante").click()
    await page.locator("fieldset.dayslots").nth(day).locator("label").first.click()
    await page.get_by_role("button", name="Continuer").click()
    await expect(page.locator("h1")).to_have_text("Vos coordonnées")


async def tell(screen: Screen, **said: str) -> None:
    page = screen.page
    fields = {
        "last_name": "Hoffmann",
        "first_name": "Jeanne",
        "birth_date": "14.03.1961",
        "number": "621 000 147",
        "mail": "jeanne@example.org",
    }
    for name, value in (fields | said).items():
        await page.locator(f"#{name}").fill(value)
    await page.locator(".choices").get_by_text("Non", exact=True).click()
    await page.get_by_role("button", name="M’envoyer le code").click()


async def test_booked_moved_and_cancelled_without_javascript(browser: Browser, site: Site) -> None:
    site.run(OPEN)
    his = await phone(browser, site, script=False)
    page = his.page
    await choose(his)
    held_at = datetime.now(UTC)
    site.change("update agenda_publicform set made_at = datetime(made_at, '-20 seconds')")  # slower than a robot
    await tell(his, birth_date="14.03.2090", number="zero six")
    await expect(page.locator("#birth_date-wrong")).to_have_text("Ce jour est encore à venir.")
    await expect(page.locator("#number-wrong")).to_be_visible()
    await expect(page.locator("#last_name")).to_have_value("Hoffmann")
    await tell(his)
    await expect(page.locator("h1")).to_have_text("Tapez le code")
    ((code,),) = [re.findall(r"\b\d{6}\b", site.run(MAIL))]
    await page.locator("#code").fill(code)
    await page.get_by_role("button", name="Réserver").click()
    await expect(page.locator("h1")).to_have_text("Votre rendez-vous")
    assert site.rows("select count(*) from agenda_appointment where state = 'booked'") == [(1,)]
    assert (datetime.now(UTC) - held_at).total_seconds() < 600
    (link,) = re.findall(r"http\S+/visit/\S+", site.run(MAIL))
    await page.goto(link)
    before = await page.locator(".public__when").inner_text()
    await page.get_by_role("link", name="Un autre horaire").click()
    await page.locator("fieldset.dayslots").nth(1).locator("label").first.click()
    await page.get_by_role("button", name="Déplacer à cet horaire").click()
    await expect(page.locator(".public__when")).not_to_have_text(before)
    await page.get_by_role("link", name="Annuler le rendez-vous").click()
    await page.get_by_role("button", name="Annuler le rendez-vous").click()
    await expect(page.locator("h1")).to_have_text("Rendez-vous annulé")
    assert site.rows("select state from agenda_appointment") == [("cancelled",)]
    assert site.rows("select count(*) from agenda_occupancy") == [(0,)]
    assert his.complaints == []
    await page.context.close()


async def test_every_page_fits_a_telephone_and_axe_finds_nothing(browser: Browser, site: Site) -> None:
    site.run(OPEN)
    his = await phone(browser, site, script=True)  # axe is a script of its own
    page = his.page
    await page.goto(f"{site.url}/rdv/dr-weber/")
    await looks_right(his, "booking-reason", SIZES)
    await page.get_by_text("Consultation de suivi").click()
    await page.get_by_text("Oui", exact=True).click()
    await page.get_by_role("button", name="Voir les horaires").click()
    await looks_right(his, "booking-times", SIZES)
    await choose(his)
    await looks_right(his, "booking-identity", SIZES)
    site.change("update agenda_publicform set made_at = datetime(made_at, '-20 seconds')")  # slower than a robot
    await tell(his, mail="jeanne")
    await looks_right(his, "booking-wrong", SIZES)
    await tell(his)
    await expect(page.locator("h1")).to_have_text("Tapez le code")
    await looks_right(his, "booking-code", SIZES)
    ((code,),) = [re.findall(r"\b\d{6}\b", site.run(MAIL))]
    await page.locator("#code").fill(code)
    await page.get_by_role("button", name="Réserver").click()
    await expect(page.locator("h1")).to_have_text("Votre rendez-vous")
    await looks_right(his, "booking-visit", SIZES)
    await page.get_by_role("link", name="Annuler le rendez-vous").click()
    await looks_right(his, "booking-cancel", SIZES)
    await page.get_by_role("button", name="Deutsch").click()
    await expect(page.locator("h1")).to_have_text("Termin absagen?")
    await page.goto(f"{site.url}/rdv/nobody/")
    await looks_right(his, "booking-nothing", SIZES)
    assert his.complaints == []
    await page.context.close()


async def test_what_is_refused_and_what_a_reminder_opens_look_right_too(browser: Browser, site: Site) -> None:
    site.run(OPEN)
    his, other = await phone(browser, site, script=True), await phone(browser, site, script=True)
    for screen in (his, other):
        await screen.page.goto(f"{site.url}/rdv/dr-weber/")
        await screen.page.get_by_text("Consultation de suivi").click()
        await screen.page.get_by_text("Oui", exact=True).click()
        await screen.page.get_by_role("button", name="Voir les horaires").click()
        await screen.page.get_by_role("link", name="Semaine suivante").click()
        await screen.page.locator("fieldset.dayslots").first.locator("label").first.click()
    await his.page.get_by_role("button", name="Continuer").click()
    await expect(his.page.locator("h1")).to_have_text("Vos coordonnées")
    await other.page.get_by_role("button", name="Continuer").click()
    await expect(other.page.get_by_role("alert")).to_contain_text("Quelqu’un vient de prendre cet horaire")
    await looks_right(other, "booking-times-taken", SIZES)
    await other.page.goto(f"{site.url}/rdv/dr-weber/form/{'x' * 20}")
    await expect(other.page.get_by_role("alert")).to_be_visible()
    await looks_right(other, "booking-refused", SIZES)
    site.change("update agenda_publicform set made_at = datetime(made_at, '-20 seconds')")  # slower than a robot
    await tell(his)
    await his.page.get_by_role("link", name="Corriger").click()
    await expect(his.page.locator("#mail")).to_have_value("jeanne@example.org")
    await looks_right(his, "booking-corrected", SIZES)
    await his.page.go_back()
    ((code,),) = [re.findall(r"\b\d{6}\b", site.run(MAIL))]
    await his.page.locator("#code").fill(code)
    await his.page.get_by_role("button", name="Réserver").click()
    await expect(his.page.locator("h1")).to_have_text("Votre rendez-vous")
    link = f"{site.url}/r/{site.run(REMINDED).strip()}"
    await his.page.goto(f"{link}?lang=fr")
    await expect(his.page.locator("h1")).to_have_text("Votre rendez-vous")
    await looks_right(his, "reminder", SIZES)
    await his.page.goto(f"{link}?lang=fr&move=1")
    await expect(his.page.locator("input[name=starts]").first).to_be_attached()
    await looks_right(his, "reminder-move", SIZES)
    await his.page.goto(f"{link}?lang=fr&cancel=1")
    await expect(his.page.get_by_role("link", name="Garder")).to_be_visible()
    await looks_right(his, "reminder-cancel", SIZES)
    await his.page.goto(f"{site.url}/r/nothing")
    await looks_right(his, "reminder-nothing", SIZES)
    assert his.complaints == other.complaints == []
    for screen in (his, other):
        await screen.page.context.close()


async def test_the_doctor_closes_his_page_on_his_telephone(browser: Browser, site: Site) -> None:
    site.run(OPEN)
    context = await browser.new_context(locale="fr-FR", viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    his = LoginPage(await context.new_page(), site.url)
    await site.let_in(context, cast.WEBER)
    await his.open("/portal/line")
    await his.page.wait_for_url("**/portal/line/*")
    await his.page.locator("a[href$='/public']").click()
    await looks_right(his, "booking-portal", SIZES)
    await his.page.locator("input[name=active]").uncheck()
    await his.page.get_by_role("button", name="Enregistrer cette page").click()
    await expect(his.page.locator("[role=status]")).to_have_text("Enregistré.")
    answer = await his.page.goto(f"{site.url}/rdv/dr-weber/")
    assert answer is not None
    assert answer.status == 404
    assert his.complaints == []
    await context.close()
