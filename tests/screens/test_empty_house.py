# SPDX-License-Identifier: AGPL-3.0-or-later
"""From an empty folder to the first answered call, as an owner does it: nothing but the pages and the telephone."""

import asyncio
import re
from collections.abc import AsyncIterator
from email import message_from_bytes
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.project.mail_sink import MailSink
from tests.screens.pages import CAPTURE, ConsolePage, LoginPage, Screen, violations
from tests.screens.whole_house import WholeHouse, own_ports, started, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWNER = "odile@maison.example"
SECRETARY, SECRETARY_PASSWORD = "eva@maison.example", "quatre chevaux bleus"
DOCTOR, DOCTOR_PASSWORD = "dr.klein@cabinet-klein.example", "la lune est pleine"
LINE, TYPED = "+35220000130", "20 00 01 30"
COMPANY_LINE = "+35220000131"
SECRET_WORDS = "Ordonnance à renouveler avant vendredi."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mails(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """The folder of a mail server, one file a mail; its port is the file `port`."""
    folder = tmp_path_factory.mktemp("mails")
    environment = own_ports()
    sink = MailSink(
        folder, "127.0.0.1", int(environment["PERMANENCE_MAIL_PORT"]), clock=SystemClock(), entropy=SystemEntropy()
    )
    sink.start()
    (folder / "port").write_text(environment["PERMANENCE_MAIL_PORT"])
    yield folder
    sink.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def empty_house(tmp_path_factory: pytest.TempPathFactory, mails: Path) -> AsyncIterator[WholeHouse]:
    """`./run --empty DIR` with mail settings, as a new owner types it."""
    data = tmp_path_factory.mktemp("owner") / "house"
    environment = {
        **own_ports(),
        "PERMANENCE_SIP_HOST": "127.0.0.1",
        "PERMANENCE_MEDIA_HOSTS": "127.0.0.1",
        "PERMANENCE_MAIL_PORT": (mails / "port").read_text(),
        "PERMANENCE_MAIL_FROM": "permanence@maison.example",
    }
    words = ("--empty", str(data), "--owner-email", OWNER, "--owner-name", "Odile", "--country", "LU")
    async with started(data, *words, environment=environment) as house:
        yield house


async def entered(browser: Browser, house: WholeHouse, who: str, password: str, *, lands: str) -> Screen:
    """Somebody signed in, in French."""
    context: BrowserContext = await browser.new_context(
        locale="fr-FR", viewport={"width": 1366, "height": 768}, reduced_motion="reduce"
    )
    page = await context.new_page()
    await page.add_init_script(CAPTURE)
    login = LoginPage(page, house.site)
    await login.open()
    await login.painted()
    await login.sign_in(who, password)
    await page.wait_for_url(f"**{lands}")
    return Screen(page, house.site)


async def saved(page: Page) -> None:
    """Saves the form of the back office; nothing is wrong."""
    async with page.expect_navigation():
        await page.locator("input[name=_save]").click()
    assert await page.locator(".errorlist, .errornote").all_inner_texts() == []
    await expect(page.locator(".messagelist .success")).to_be_visible()


async def does(page: Page, step: str) -> None:
    """From the start page to where that step is done."""
    await page.locator("header a", has_text="Administration").click()
    await page.locator(f"#step-{step} a").click()


async def fills_in_the_doctor(page: Page) -> None:
    await does(page, "client")
    await page.locator("a[href$='/clients/client/add/']").click()
    await page.fill("#id_name", "Dr Klein")
    await page.select_option("#id_kind", "practitioner")
    await page.select_option("#id_sector", "health")
    await page.fill("#id_place", "Esch-sur-Alzette")
    for day in range(5):
        await page.fill(f"#id_day_{day}", "8h-12h 14-18:30")
    await page.check("#id_open_always")
    await page.fill("#id_line-0-number", TYPED)
    await page.fill("#id_greeting-0-text", "Cabinet du docteur Klein, {name}, bonjour.")
    await page.fill("#id_instruction-0-text", "Les urgences : dire d'appeler le 112.")
    await page.fill("#id_recipient-0-name", "Dr Klein")
    await page.fill("#id_recipient-0-email", DOCTOR)
    await page.fill("#id_reason-0-label", "Ordonnance")
    await page.fill("#id_reason-1-label", "Rendez-vous")
    await saved(page)


async def fills_in_the_company(page: Page) -> None:
    await page.goto(page.url.split("/backstage")[0] + "/backstage/clients/client/add/")
    await page.fill("#id_name", "Chauffage Muller")
    await page.select_option("#id_kind", "company")
    await page.select_option("#id_sector", "after_sales")
    await page.fill("#id_day_5", "9-99")
    await page.fill("#id_line-0-number", "trois")
    await page.locator("input[name=_save]").click()
    await expect(page.locator(".errorlist")).to_have_count(2)
    await page.fill("#id_day_5", "9-12")
    await page.fill("#id_line-0-number", f"00{COMPANY_LINE[1:]}")
    await page.fill("#id_greeting-0-text", "Chauffage Muller, bonjour.")
    await page.select_option("#id_recipient-0-kind", "desk")
    await page.fill("#id_recipient-0-name", "Atelier")
    await page.fill("#id_recipient-0-email", "atelier@muller.example")
    await saved(page)


async def fills_in_the_persons(page: Page) -> None:
    await does(page, "secretary")
    await page.fill("#id_name", "Eva Lentz")
    await page.fill("#id_email", SECRETARY)
    await page.fill("#id_new_password", SECRETARY_PASSWORD)
    await expect(page.locator("#id_answers_calls")).to_be_checked()
    await page.fill("#id_languages", "français, allemand")
    await saved(page)
    await does(page, "portal")
    await page.fill("#id_name", "Dr Klein")
    await page.fill("#id_email", DOCTOR)
    await page.fill("#id_new_password", DOCTOR_PASSWORD)
    await page.select_option("#id_reads_for", label="Dr Klein")
    await saved(page)


async def fills_in_the_carrier(page: Page) -> None:
    await does(page, "trunk")
    await page.fill("#id_name", "Mon Opérateur")
    await page.fill("#id_addresses", "127.0.0.1")
    await saved(page)


async def looks_right(owner: Screen, house: WholeHouse, *, width: int, dark: bool) -> None:
    """Every kind of page fits, speaks to a screen reader, and breaks no policy."""
    await owner.page.set_viewport_size({"width": width, "height": 800})
    await owner.page.emulate_media(color_scheme="dark" if dark else "light")
    key = house.rows("select id from clients_client order by id")[0][0]
    for path in ("", f"clients/client/{key}/change/", "foundation/person/add/", "switchboard/trunk/"):
        await owner.page.goto(f"{house.site}/backstage/{path}")
        await owner.shot(f"backstage-{width}-{path.replace('/', '-')}")
        assert await owner.fits(), path
        found = await violations(owner.page)
        assert found == [], "\n".join([path, *found])


async def the_doctor_of_the_machine_tells(house: WholeHouse) -> str:
    """What `./run doctor` says; something is wrong: the house was never copied."""
    process = await asyncio.create_subprocess_exec(
        *house.command("doctor", "--data", str(house.data)), env=house.environment, stdout=asyncio.subprocess.PIPE
    )
    said = (await process.communicate())[0].decode()
    assert process.returncode == 1
    return said


async def test_an_owner_comes_to_the_first_answered_call(
    empty_house: WholeHouse, speaking_browser: Browser, mails: Path
) -> None:
    password = re.search(r"password \(shown once\): (\S+)", "".join(empty_house.said))
    assert password is not None
    owner = await entered(speaking_browser, empty_house, OWNER, password[1], lands="/backstage/")
    await expect(owner.page.locator("[aria-current=step]")).to_have_attribute("id", "step-client")
    await owner.shot("start-empty")
    await fills_in_the_doctor(owner.page)
    await fills_in_the_company(owner.page)
    await fills_in_the_persons(owner.page)
    await fills_in_the_carrier(owner.page)
    await owner.page.locator("header a", has_text="Administration").click()
    await expect(owner.page.locator("[aria-current=step]")).to_have_attribute("id", "step-call")
    await expect(owner.page.locator("#step-call")).to_contain_text(f"./run phone {LINE}")
    await owner.shot("start-full")

    seat = await entered(speaking_browser, empty_house, SECRETARY, SECRETARY_PASSWORD, lands="/console")
    eva = ConsolePage(seat.page, empty_house.site)
    await eva.go_ready()
    await eva.presence_is("ready")
    async with empty_house.call(LINE, "--language", "fr") as phone:
        await eva.shows("ringing")
        await expect(eva.by_id("ring-name")).to_have_text("Dr Klein")
        await expect(eva.by_id("ring-say")).to_contain_text("Cabinet du docteur Klein, Eva, bonjour.")
        await eva.shot("empty-house-ring")
        await eva.press("F2")
        await phone.says("connected")
        await eva.shows("desk")
        await eva.page.fill("#caller-name", "Mme Schmit")
        await eva.choose_first("recipient")
        await eva.choose_first("reason")
        await eva.write(SECRET_WORDS)
        await eva.press("F9")
        assert await phone.over() == 0
    await eva.press("Control+Enter")
    await expect(eva.by_id("toasts")).to_be_visible()

    def mail_for_the_doctor() -> str:
        return next((text for each in mails.glob("*.eml") if DOCTOR in (text := each.read_text())), "")

    mail = message_from_bytes((await until("a mail to the doctor", mail_for_the_doctor)).encode())
    body = "".join(
        bytes(part.get_payload(decode=True) or b"").decode()
        for part in mail.walk()
        if part.get_content_maintype() == "text"
    )
    assert "Ordonnance" not in body
    assert "Schmit" not in body
    link = re.search(rf"{empty_house.site}/\S+?(?=[\s\"<])", body)
    assert link is not None

    doctor = await entered(speaking_browser, empty_house, DOCTOR, DOCTOR_PASSWORD, lands="/portal")
    await doctor.page.goto(link[0])
    await expect(doctor.page.locator("main")).to_contain_text(SECRET_WORDS)
    await doctor.page.locator("form[action$=acknowledge] button").click()
    await expect(eva.messages("view-desk").or_(eva.messages("view-idle")).first).to_contain_text("Dr Klein")

    await owner.page.reload()
    await expect(owner.page.locator("#step-call")).to_have_class(re.compile("start__step--done"))
    said = await the_doctor_of_the_machine_tells(empty_house)
    assert "mon-operateur: calls from 127.0.0.1." in said
    assert "2 lines of 2 clients." in said
    assert "never copied" in said
    await looks_right(owner, empty_house, width=1366, dark=False)
    await looks_right(owner, empty_house, width=390, dark=True)
    assert owner.complaints == eva.complaints == doctor.complaints == []
    for one in (owner, eva, doctor):
        await one.page.context.close()
