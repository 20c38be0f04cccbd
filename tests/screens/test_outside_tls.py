# SPDX-License-Identifier: AGPL-3.0-or-later
"""A house reached from another machine by its public name: TLS, the microphone, a real call, another network.

The other machine is a namespace of the kernel with a cable to the house's; the house has nothing but `public.host`.
"""

import asyncio
import base64
import hashlib
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Browser, async_playwright, expect

from tests.screens import voices
from tests.screens.networks import Network, two_networks
from tests.screens.pages import CAPTURE, FAKE_DEVICE, UNPRIVILEGED, ConsolePage, LoginPage, comes_true, heard_at
from tests.screens.whole_house import (
    REPOSITORY,
    PhoneCall,
    WholeHouse,
    answered,
    own_ports,
    part,
    started,
    until,
    wrapped_up,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = "accueil.maison.example"
HOUSE, BROWSER, MOVED = "10.77.0.1", "10.77.0.2", "10.77.0.3"
EVA, PASSWORD = "eva@maison.example", "quatre chevaux bleus"
LINE = "+353209100130"
CONTENT = f"""
from permanence.clients import operations as clients
from permanence.clients.rules import ClientKind, RecipientKind, Sector
from permanence.foundation import operations as common
from permanence.foundation.models import House
from permanence.foundation.who import system_of
from permanence.kernel.system import SystemClock
from permanence.staff import operations as staff
from permanence.switchboard import operations as switchboard
by, at = system_of(House.objects.get()), SystemClock().now()
client = clients.open_client(
    name="Muller Heating", initials="MH", kind=ClientKind.COMPANY, sector=Sector.AFTER_SALES, country="IE",
    time_zone="Europe/Dublin", languages=["en"], open_always=True, by=by, at=at,
)
clients.give_line(client=client, number="{LINE}", by=by, at=at)
clients.set_greeting(client=client, language="en", text="Muller Heating, hello.", by=by, at=at)
clients.add_recipient(client=client, kind=RecipientKind.DESK, name="Desk", email="", by=by, at=at)
eva = common.add_person(
    email="{EVA}", name="Eva", language="en", roles=frozenset(), password="{PASSWORD}", by=by, at=at
)
staff.make_secretary(person=eva, languages=("en",), by=by, at=at)
switchboard.add_trunk(name="loopback", addresses=["127.0.0.1"], country="IE", by=by, at=at)
"""
KEEP_THE_LINE = """
const Kept = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Kept { constructor(...given) { super(...given); window.linePeer = this; } };
"""
CONNECTED = "window.linePeer.connectionState === 'connected' && window.linePeer.iceConnectionState === 'connected'"
WAY = """async () => {
  const found = [...(await window.linePeer.getStats()).values()];
  const pair = found.find((each) => each.type === "candidate-pair" && each.nominated && each.state === "succeeded");
  const local = pair && found.find((each) => each.id === pair.localCandidateId);
  return local ? local.protocol : "";
}"""


@pytest.fixture(scope="module")
def networks() -> Iterator[tuple[Network, Network]]:
    """The house's network and the browser's."""
    with two_networks(HOUSE, BROWSER) as pair:
        yield pair


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    networks: tuple[Network, Network], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[WholeHouse]:
    """A real house with a public name, one client, one secretary."""
    data = tmp_path_factory.mktemp("public") / "house"
    environment = {**own_ports(), "PERMANENCE_PUBLIC_HOST": NAME, "PERMANENCE_PUBLIC_TLS": "internal"}
    words = ("--empty", str(data), "--owner-email", "odile@maison.example", "--country", "IE")
    async with started(data, *words, environment=environment, prefix=networks[0].prefix) as one:
        shell = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "django", "shell", "--no-imports", "-c", CONTENT, cwd=REPOSITORY,
            env={**environment, "PERMANENCE_DATA": str(data), "DJANGO_SETTINGS_MODULE": "permanence.project.settings"},
        )  # fmt: skip
        assert await shell.wait() == 0
        await until("the exchange knows the line", lambda: LINE in "".join(_slices(data)))
        yield one


def _slices(data: Path) -> list[str]:
    return [each.read_text() for each in (data / "table").rglob("*") if each.is_file()]


def key_of(house: WholeHouse) -> str:
    """The fingerprint of the key under which the house is known: a browser told to trust it needs no authority."""
    found = list((house.data / "keys" / "caddy").rglob(f"{NAME}.crt"))
    if not found:
        return ""
    key = x509.load_pem_x509_certificate(found[0].read_bytes()).public_key()
    told = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(told).digest()).decode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outside_browser(
    networks: tuple[Network, Network], house: WholeHouse, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Browser]:
    """Stock Chromium on the other machine, which knows the name and trusts that one key."""
    folder = tmp_path_factory.mktemp("outside")
    voice = voices.write_wav(folder / "voice.wav", voices.built_in("en/voice-secretary"), rate=48000)
    key = await until("Caddy has its certificate", lambda: key_of(house))
    arguments = [
        *FAKE_DEVICE,
        f"--use-file-for-fake-audio-capture={voice}",
        f"--host-resolver-rules=MAP {NAME} {HOUSE}",
        f"--ignore-certificate-errors-spki-list={key}",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=networks[1].program(folder, str(UNPRIVILEGED)), chromium_sandbox=True, args=arguments
        )
        yield browser
        await browser.close()


async def seated(browser: Browser, house: WholeHouse) -> ConsolePage:
    """Eva at her post on the other machine, ready."""
    context = await browser.new_context(
        locale="en-GB", viewport={"width": 1366, "height": 768}, reduced_motion="reduce"
    )
    page = await context.new_page()
    await page.add_init_script(CAPTURE)
    await page.add_init_script(KEEP_THE_LINE)
    login = LoginPage(page, house.site)
    await login.open()
    await login.painted()
    await expect(page.locator(".notice--warn")).to_have_count(0)
    await login.sign_in(EVA, PASSWORD)
    await page.wait_for_url(f"https://{NAME}/console")
    eva = ConsolePage(page, house.site)
    await expect(eva.by_id("go-ready")).to_be_visible(timeout=30000)
    await eva.go_ready()
    await eva.presence_is("ready")
    return eva


async def leaves(eva: ConsolePage, house: WholeHouse) -> None:
    """She goes; nothing was complained of."""
    assert eva.complaints == []
    await eva.page.context.close()
    house.exchange.revoke_seat(house="house", secretary=house.secretary(EVA))


async def hangs_up(eva: ConsolePage, phone: PhoneCall) -> None:
    """The secretary ends the call and its wrap-up."""
    await eva.press("F9")
    assert await phone.over() == 0
    await wrapped_up(eva)


async def test_a_browser_elsewhere_has_its_microphone_and_takes_a_call(
    house: WholeHouse, outside_browser: Browser, tmp_path: Path
) -> None:
    assert house.site == f"https://{NAME}"
    eva = await seated(outside_browser, house)
    assert await eva.page.evaluate("isSecureContext")
    recording = tmp_path / "caller.wav"
    async with house.call(LINE, "--language", "en", "--record", str(recording)) as phone:
        await answered(eva, phone)
        offered = await eva.page.evaluate("window.linePeer.remoteDescription.sdp")
        hosts = {line.split()[4] for line in offered.splitlines() if line.startswith("a=candidate:")}
        assert HOUSE in hosts
        assert not hosts & {"127.0.0.1", "::1"}
        assert await eva.page.evaluate(WAY) == "udp"
        heard = await heard_at(eva.page, 6)
        until_s = phone.seconds()
        await hangs_up(eva, phone)
    caller, secretary = voices.caller("en"), voices.built_in("en/voice-secretary")
    assert voices.likeness(heard, caller) > 0.7
    assert voices.likeness(part(voices.heard_in(recording), 1, until_s), secretary) > 0.5
    await leaves(eva, house)


async def test_another_network_in_the_middle_of_a_call_brings_the_same_conversation_back(
    house: WholeHouse, networks: tuple[Network, Network], outside_browser: Browser, tmp_path: Path
) -> None:
    there = networks[1]
    eva = await seated(outside_browser, house)
    recording = tmp_path / "moved.wav"
    caller = voices.caller("en")
    async with house.call(LINE, "--language", "en", "--record", str(recording)) as phone:
        await answered(eva, phone)
        since = phone.seconds()
        try:
            async with eva.page.expect_event("websocket", lambda one: one.url.endswith("/line"), timeout=30000):
                there.loses(BROWSER)
                there.takes(MOVED)
                await comes_true(eva.page, f"() => !({CONNECTED})", within_s=20)
                await comes_true(eva.page, f"() => {CONNECTED}", within_s=30)
                back = phone.seconds()
            await expect(eva.by_id("banner-link")).to_be_hidden()
            await eva.shows("desk")
            heard = await heard_at(eva.page, 6)
            await hangs_up(eva, phone)
        finally:
            there.loses(MOVED)
            there.takes(BROWSER)
    assert voices.likeness(heard, caller) > 0.6
    caller_heard, music = voices.heard_in(recording), voices.built_in("music")
    seconds = [part(caller_heard, start, start + 1) for start in range(int(since), int(back) + 1)]
    assert max(voices.likeness(one, music) for one in seconds) > 0.8
    await leaves(eva, house)


async def test_where_datagrams_are_blocked_the_line_goes_over_tcp(
    house: WholeHouse, networks: tuple[Network, Network], outside_browser: Browser
) -> None:
    with networks[1].without_udp():
        eva = await seated(outside_browser, house)
        async with house.call(LINE, "--language", "en") as phone:
            await answered(eva, phone)
            assert await eva.page.evaluate(WAY) == "tcp"
            heard = await heard_at(eva.page, 6)
            await hangs_up(eva, phone)
        assert voices.likeness(heard, voices.caller("en")) > 0.7
        await leaves(eva, house)


async def test_who_comes_without_tls_is_sent_to_the_address_that_works(
    house: WholeHouse, networks: tuple[Network, Network]
) -> None:
    program = (
        f"import http.client; asked = http.client.HTTPConnection('{HOUSE}', timeout=5); "
        "asked.request('GET', '/login'); said = asked.getresponse(); print(said.status, said.getheader('location'))"
    )
    process = await asyncio.create_subprocess_exec(
        *networks[1].prefix, sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    said = (await process.communicate())[0].decode()
    assert said.strip() == f"302 https://{NAME}/login"


async def test_the_doctor_of_the_machine_knows_the_certificate(house: WholeHouse) -> None:
    await until("Caddy has its certificate", lambda: key_of(house))
    process = await asyncio.create_subprocess_exec(
        *house.command("doctor", "--data", str(house.data)), env=house.environment, stdout=asyncio.subprocess.PIPE
    )
    said = (await process.communicate())[0].decode()
    assert f"The certificate of {NAME} is good" in said, said
