# SPDX-License-Identifier: AGPL-3.0-or-later
"""From the file the owner brings on the site to the caller's ear. All processes are real."""

import json
from pathlib import Path

from permanence.engine.mediaplane.prompts import SOUNDS
from permanence.foundation.audio.convert import convert
from permanence.project import demo_cast
from permanence.project.line_states import read_table
from tests.processes import until
from tests.rooms.test_announcement_audio import voice, written
from tests.wire.line_house import Phone
from tests.wire.recorded_house import Browser, RecordedHouse, recorded_house

WELCOME = written(voice(8, 44100)[44100 * 2 :] * 0.1, 44100, "mp3")
CLOSED = written(voice(6, 48000)[48000 * 4 :] * 0.5, 48000, "opus")
GREETING = "select g.id from clients_greeting g where g.client_id = ? and g.language = 'fr' order by g.id"
KEPT = "select id, content from clients_announcement where client_id = ? order by id"


def heard(phone: Phone) -> bytes:
    """Everything the caller was sent."""
    return b"".join(packet.payload for packet in phone.rtp.ear.packets)


async def bring(house: RecordedHouse, owner: Browser, client: str, name: str, data: bytes) -> tuple[str, str]:
    """The owner chooses the file in the form; its id and the sha256 of what callers will hear."""
    page = f"/backstage/accounts/{client}/announcements"
    status, _ = await owner.upload(f"{page}/add", ("sound", name, data), language="fr", text=f"Annonce {name}")
    assert status == 200
    key, content = house.rows(KEPT, client)[-1]
    return str(key), str(content)


async def test_what_the_owner_brings_is_what_callers_hear(tmp_path: Path, demonstration: Path) -> None:
    async with recorded_house(tmp_path, demonstration, web=True) as house:
        client = read_table(tmp_path).client_of(demo_cast.WEBER_LINE)
        assert client is not None
        number = client.client
        owner = await house.browser(demo_cast.MARC)
        page = f"/backstage/accounts/{number}/announcements"
        welcome, first = await bring(house, owner, number, "bienvenue.mp3", WELCOME)
        closed, second = await bring(house, owner, number, "ferme.ogg", CLOSED)
        ((greeting,), *_) = house.rows(GREETING, number)
        assert (await owner.post(f"{page}/{welcome}/uses", greeting=str(greeting)))[0] == 200
        assert (await owner.post(f"{page}/{closed}/uses", closing="1", unanswered="1"))[0] == 200

        def published() -> bool:
            entry = read_table(tmp_path).client_of(demo_cast.WEBER_LINE)
            return entry is not None and bool(entry.closing) and any(each.announcement for each in entry.greetings)

        await until("the exchange holds the slice", published)
        store = {path.name: path.read_bytes() for path in (tmp_path / "prompts").iterdir()}
        assert store == {f"{first}.alaw": convert(WELCOME), f"{second}.alaw": convert(CLOSED)}

        phone = house.phone()
        await phone.dials(demo_cast.WEBER_LINE, "+352621000147")
        await house.event("CallClosed", 15)
        await phone.rtp.ear.until(lambda: store[f"{second}.alaw"][1600:3200] in heard(phone), 20)
        sounds = [store[f"{first}.alaw"], (SOUNDS / "fr" / "emergency-112.alaw").read_bytes(), store[f"{second}.alaw"]]
        places = [heard(phone).find(sound[1600:3200]) for sound in sounds]
        assert -1 < places[0] < places[1] < places[2], places
        assert places[0] < 8000  # before the music: it began with the answer
        assert heard(phone).find((SOUNDS / "fr" / "busy.alaw").read_bytes()[1600:3200]) == -1
        phone.hangs_up()

        # The table on the exchange's disk names audio alone; what it says stays in the house's database.
        kept = json.dumps([path.read_text() for path in (tmp_path / "table").rglob("*.json")])
        assert first in kept
        assert "Annonce bienvenue" not in kept

        # Lost: the generated voice is heard, in the words of the reason, and the worker brings the audio back.
        await house.kill(house.worker)
        (tmp_path / "prompts" / f"{second}.alaw").unlink()
        await house.kill(house.media)
        await house.start_media()
        other = house.phone()
        await other.dials(demo_cast.WEBER_LINE, "+352621000148")
        busy = (SOUNDS / "fr" / "busy.alaw").read_bytes()[1600:3200]
        await other.rtp.ear.until(lambda: busy in heard(other), 25)
        other.hangs_up()
        await house.start_worker()
        await until("the audio is back", (tmp_path / "prompts" / f"{second}.alaw").exists)
        assert (tmp_path / "prompts" / f"{second}.alaw").read_bytes() == store[f"{second}.alaw"]
