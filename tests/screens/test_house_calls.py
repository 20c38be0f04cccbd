# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calls of every kind in a whole house: telephones, exchange, media, stock Chromium. Nothing is played by the test."""

from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from permanence.project.phone.sound import from_alaw
from tests.screens import voices
from tests.screens.pages import ConsolePage, heard_at
from tests.screens.whole_house import PhoneCall, WholeHouse, answered, at_seat, part, signed_in, until, wrapped_up

pytestmark = pytest.mark.asyncio(loop_scope="module")

WIDE = {"viewport": {"width": 1366, "height": 768}}
NOBODYS_LINE = "+35220000999"


async def walk_to(console: ConsolePage, name: str) -> None:
    """Presses Tab until the focus is there."""
    for _ in range(60):
        if await console.page.evaluate("document.activeElement.id") == name:
            return
        await console.press("Tab")
    raise AssertionError(f"Tab never comes to {name}")


async def test_from_signing_in_to_the_message_kept_with_the_keyboard_alone(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    await house.set_hours(cast.WEBER_LINE, always=True)
    context = await speaking_browser.new_context(
        locale="fr-FR", viewport={"width": 1366, "height": 768}, reduced_motion="reduce"
    )
    claire = ConsolePage(await context.new_page(), house.site)
    await claire.page.goto(f"{house.site}/login")
    await claire.painted()
    await walk_to(claire, "username")
    await claire.type(cast.CLAIRE)
    await claire.press("Tab")
    await claire.type(cast.PASSWORD)
    await claire.press("Enter")
    await claire.page.wait_for_url("**/console")
    await claire.go_ready()
    await claire.presence_is("ready")
    async with house.call(cast.WEBER_LINE, "--name", "Jeanne Hoffmann", "--from", "+33639980111") as phone:
        await claire.shows("ringing")
        await expect(claire.by_id("ring-say")).to_contain_text("Cabinet du docteur Weber, bonjour. Claire")
        await expect(claire.by_id("ring-orders")).to_contain_text("composez le 112 tout de suite")
        await expect(claire.by_id("ring-caller")).to_have_text("Jeanne Hoffmann")
        await claire.shot("console-ringing-1366-light")
        await answered(claire, phone)
        await claire.press("2")
        await walk_to(claire, "read-back")
        await claire.press("Space")
        await walk_to(claire, "text")
        await claire.type("Demande ses résultats, joignable toute la journée.")
        await claire.press("Control+Enter")
        await expect(claire.by_id("plan")).to_contain_text("en route vers Dr Weber")
        await claire.press("F9")
        assert await phone.over() == 0
    await claire.presence_is("wrap")
    await claire.press("F2")
    await claire.presence_is("ready")
    kept = "select caller_name, caller_number, reason_label, urgency, read_back from messaging_message"
    taken = house.rows(f"{kept} where caller_name = ?", "Jeanne Hoffmann")
    assert taken == [("Jeanne Hoffmann", "+33639980111", "Résultats d’analyse", "today", 1)]
    await claire.press("Alt+p")
    await claire.press("9")
    await claire.presence_is("off")
    assert claire.complaints == []
    await context.close()


async def test_a_closed_health_line_says_the_emergency_number_first_and_keeps_what_is_spoken(
    house: WholeHouse, speaking_browser: Browser, tmp_path: Path
) -> None:
    await house.set_hours(cast.WEBER_LINE, always=False)
    recording = tmp_path / "closed.wav"
    arguments = ("--from", "+33639980112", "--language", "fr", "--record", str(recording))
    async with house.call(cast.WEBER_LINE, *arguments) as phone:
        await phone.says("closed")
        await phone.says("connected")
        (call,) = await until(
            "the exchange records what the caller says",
            lambda: [each for each in house.exchange.status()["calls"] if each["state"] == "voice_message"],
        )
        spool = house.data / "spool"
        await until(
            "five seconds are on the disk",
            lambda: sum(each.stat().st_size for each in spool.glob(f"{call['call']}*")) > 5 * voices.RATE,
        )
        phone.hang_up()
        assert await phone.over() == 0
    emergency, closed = voices.built_in("fr/emergency-112"), voices.built_in("fr/closed")
    heard = voices.heard_in(recording)
    first = heard[: len(emergency) + 2 * voices.RATE]
    assert voices.likeness(emergency, first) > 0.8
    assert voices.likeness(closed, heard[len(emergency) // 2 :]) > 0.8

    doctor = await signed_in(speaking_browser, house, cast.WEBER, "/portal")
    await expect(doctor.locator(".letter__link").first).to_contain_text("39 98 01 12", timeout=20000)
    await doctor.locator(".letter__link").first.click()
    await expect(doctor.locator("audio")).to_be_visible()
    address = await doctor.locator("audio").get_attribute("src")
    answer = await doctor.request.get(f"{house.site}{address}")
    header, _, codes = (await answer.body()).partition(b"data")
    assert header[20:22] == b"\x06\x00"  # A-law (RFC 2361)
    spoken = from_alaw(codes[4:]).astype(np.float64)[: 4 * voices.RATE]
    assert voices.likeness(spoken, voices.caller("fr")) > 0.8
    await doctor.context.close()


async def test_hold_is_music_mute_is_silence_and_keys_of_the_caller_harm_nothing(
    house: WholeHouse, speaking_browser: Browser, tmp_path: Path
) -> None:
    recording = tmp_path / "held.wav"
    arguments = ("--language", "en", "--keys", "12#", "--record", str(recording))
    async with at_seat(speaking_browser, house, cast.AOIFE) as aoife:
        async with house.call(cast.ATLAS_LINE, *arguments) as phone:
            await answered(aoife, phone)
            await aoife.press("F4")
            await expect(aoife.by_id("callbar")).to_have_class("callbar callbar--hold")
            held = phone.seconds()
            heard_meanwhile = await heard_at(aoife.page, 4)
            resumed = phone.seconds()
            await aoife.press("F4")
            await expect(aoife.by_id("callbar")).to_have_class("callbar")
            await aoife.press("F7")
            await expect(aoife.by_id("bar-icon")).to_have_attribute("data-icon", "micoff")
            muted = phone.seconds()
            caller_while_muted = await heard_at(aoife.page, 4)
            unmuted = phone.seconds()
            await aoife.press("F7")
            await expect(aoife.by_id("callbar")).to_have_class("callbar")
            await heard_at(aoife.page, 4)
            heard_to_the_end = phone.seconds()
            await aoife.press("F9")
            assert await phone.over() == 0
        await wrapped_up(aoife)
    heard = voices.heard_in(recording)
    music, secretary = voices.built_in("music"), voices.built_in("en/voice-secretary")
    on_hold = part(heard, held + 0.5, resumed - 0.5)
    assert voices.likeness(on_hold, music) > 0.8
    # What she said before F7 may still be on its way; she never pauses for half a second where she speaks.
    assert voices.longest_silence_s(part(heard, muted, unmuted + 1)) > 3
    assert voices.likeness(part(heard, unmuted + 0.5, heard_to_the_end), secretary) > 0.5
    assert np.abs(heard_meanwhile).max() < voices.QUIET
    assert voices.likeness(caller_while_muted, voices.caller("en")) > 0.6


async def test_a_missed_offer_goes_to_the_next_and_she_who_missed_it_says_when_she_is_ready(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    await house.set_hours(cast.DUPONT_LINE, always=True)
    async with (
        at_seat(speaking_browser, house, cast.CLAIRE, locale="fr-FR") as claire,
        at_seat(speaking_browser, house, cast.AOIFE) as aoife,
    ):
        async with house.call(cast.DUPONT_LINE, "--language", "fr") as phone:
            await house_rings(house, phone)
            first, second = (claire, aoife) if await rings(house, cast.CLAIRE) else (aoife, claire)
            await first.shows("ringing")
            await expect(second.by_id("view-ringing")).to_be_visible(timeout=20000)
            await first.presence_is("wrap")
            await first.shows("idle")
            await answered(second, phone)
            states = {each["secretary"]: each["presence"] for each in house.exchange.status()["seats"]}
            assert sorted(states.values()) == ["missed", "on_call"]
            phone.hang_up()
            assert await phone.over() == 0
        await first.press("F2")
        await first.presence_is("ready")
        await wrapped_up(second)


async def rings(house: WholeHouse, who: str) -> bool:
    """Whether her console rings now."""
    key = house.secretary(who)
    return any(each["secretary"] == key and each["presence"] == "offered" for each in house.exchange.status()["seats"])


async def house_rings(house: WholeHouse, phone: PhoneCall) -> None:
    """The telephone rings, and with it a console."""
    await phone.says("ringing")
    await until(
        "a console rings", lambda: any(each["presence"] == "offered" for each in house.exchange.status()["seats"])
    )


async def test_a_break_has_its_reason_and_no_call_comes_before_she_is_back(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    async with at_seat(speaking_browser, house, cast.AOIFE) as aoife:
        await aoife.press("Alt+p")
        await aoife.press("1")
        await aoife.presence_is("break")
        await expect(aoife.by_id("post-why")).to_have_text("Lunch")
        async with house.call(cast.ATLAS_LINE, "--language", "en") as phone:
            await phone.says("ringing")
            await expect(aoife.by_id("queue-waiting")).to_have_text("1")
            await expect(aoife.by_id("view-ringing")).to_be_hidden()
            await aoife.press("F2")
            await answered(aoife, phone)
            phone.hang_up()
            assert await phone.over() == 0
        await wrapped_up(aoife)


async def test_a_withheld_number_is_shown_as_masked_and_never_matched(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    async with at_seat(speaking_browser, house, cast.AOIFE) as aoife:
        async with house.call(cast.ATLAS_LINE, "--from", "+33639980113", "--name", "Known Name") as phone:
            await answered(aoife, phone)
            await aoife.press("F9")
            assert await phone.over() == 0
        await wrapped_up(aoife)
        hidden = ("--from", "+33639980113", "--name", "Known Name", "--anonymous")
        async with house.call(cast.ATLAS_LINE, *hidden) as phone:
            await aoife.shows("ringing")
            await expect(aoife.by_id("ring-caller")).to_have_text("Number masked")
            await answered(aoife, phone)
            await expect(aoife.by_id("caller-number")).to_have_value("")
            await expect(aoife.by_id("side-history")).to_contain_text("No history for a masked number")
            shown = await aoife.page.content()
            await aoife.press("F9")
            assert await phone.over() == 0
        await wrapped_up(aoife)
    assert "39 98 01 13" not in shown
    assert "Known Name" not in shown
    newest = "select masked, caller, display from calls_call order by id desc limit 1"
    await until("the call is recorded without its number", lambda: house.rows(newest) == [(1, "", "")])


async def test_a_line_of_nobody_rings_the_pool_and_the_supervisor_is_told(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    marc = await signed_in(speaking_browser, house, cast.MARC, "/supervision/calls", locale="fr-FR", **WIDE)
    async with at_seat(speaking_browser, house, cast.AOIFE) as aoife:
        async with house.call(NOBODYS_LINE, "--language", "en") as phone:
            await aoife.shows("ringing")
            await expect(aoife.by_id("ring-place")).to_contain_text(NOBODYS_LINE)
            await answered(aoife, phone)
            await expect(aoife.by_id("save")).to_be_disabled()
            await aoife.press("F9")
            assert await phone.over() == 0
        await wrapped_up(aoife, "wrong_number")
    await expect(marc.locator("#list [role=alert]")).to_contain_text("+352 20 00 09 99")
    await marc.context.close()


async def test_the_supervisor_sees_the_call_live_filters_it_and_has_it_in_his_table(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    marc = await signed_in(speaking_browser, house, cast.MARC, "/supervision/calls", locale="fr-FR", **WIDE)
    rows = marc.locator(".calls__table tbody tr")
    caller = "+33 6 39 98 01 14"
    async with at_seat(speaking_browser, house, cast.AOIFE) as aoife:
        async with house.call(cast.ATLAS_LINE, "--from", "+33639980114") as phone:
            await answered(aoife, phone)
            await expect(rows.filter(has_text=caller)).to_contain_text("En appel")
            await aoife.press("F9")
            assert await phone.over() == 0
        await wrapped_up(aoife)
    await expect(rows.filter(has_text=caller)).to_contain_text("Aoife")
    await expect(rows.filter(has_text=caller)).to_contain_text("Décroché")
    await marc.select_option("#client", label="Atlas")
    await marc.locator(".calls__filters button").first.click()
    await expect(rows.filter(has_text=caller)).to_have_count(1)
    await marc.select_option("#client", label="Dr Weber")
    await marc.locator(".calls__filters button").first.click()
    await expect(rows.filter(has_text=caller)).to_have_count(0)
    await marc.select_option("#export-client", label="Atlas")
    async with marc.expect_download() as waiting:
        await marc.locator("form[action$='calls.csv'] button").click()
    table = Path(await (await waiting.value).path()).read_text(encoding="utf-8-sig")
    assert "33639980114" in table.replace(" ", "")
    await marc.context.close()


async def test_who_gave_up_waiting_is_listed_to_be_called_back(house: WholeHouse, speaking_browser: Browser) -> None:
    marc = await signed_in(speaking_browser, house, cast.MARC, "/supervision/calls", locale="fr-FR", **WIDE)
    async with house.call(cast.ATLAS_LINE, "--from", "+33639980115") as phone:
        await phone.says("ringing")
        phone.hang_up()
        assert await phone.over() == 1
    back = marc.locator(".calls__back").filter(has_text="+33 6 39 98 01 15")
    await expect(back.get_by_role("button")).to_be_visible()
    await back.get_by_role("button").click()
    await expect(back.filter(has_text="Marc")).to_have_count(1)
    await marc.context.close()
