# SPDX-License-Identifier: AGPL-3.0-or-later
"""A caller speaks after the longest wait; the practice hears him. All processes are real."""

import os
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

from permanence.engine.mediaplane.prompts import SOUNDS
from permanence.project import demo_cast
from permanence.telephony import spool
from tests.processes import until
from tests.wire.line_house import Phone
from tests.wire.media_client_webrtc import frequencies, tone
from tests.wire.recorded_house import RecordedHouse, recorded_house

# What the exchange announces is awaited on its bus. The worker's rows, the files of media and worker and the mails are
# announced to nobody here: they are looked at until they are there (`until`, with a limit).
VOICE = tone(700)
MESSAGES = "select key, voice_seconds, call, sent_at from messaging_message where voice_seconds is not null"


def heard(phone: Phone) -> bytes:
    """Everything the caller was sent after the music began."""
    return b"".join(packet.payload for packet in phone.rtp.ear.packets)


async def speaks(house: RecordedHouse, phone: Phone, seconds: int) -> str:
    """The caller dials Dr Weber, waits for the tone and speaks; the call, so many seconds of which are on the disk."""
    await phone.dials(demo_cast.WEBER_LINE, "+352621000147")
    await phone.until(lambda: phone.state == "answered", 15)
    phone.rtp.mouth.say(VOICE)
    call = str((await house.event("CallClosed", 15, voice_message=True))["call"])  # the words before the tone begin
    file = house.folder / "spool" / f"{call}.alaw"

    def written() -> bool:
        return file.exists() and sum(block.samples for block in spool.blocks(file.read_bytes())) >= seconds * 8000

    await until(f"{seconds} s are on the disk", written)  # media says nothing while it records
    return call


async def test_from_the_longest_wait_to_the_acknowledgement(tmp_path: Path, demonstration: Path) -> None:
    async with recorded_house(tmp_path, demonstration, web=True) as house:
        phone, closed = house.phone(), house.phone()
        await closed.dials(demo_cast.DUPONT_LINE)
        call = await speaks(house, phone, 2)
        assert 180 in phone.statuses
        sealed = (tmp_path / "spool" / f"{call}.alaw").read_bytes()
        assert VOICE[:80] not in sealed
        phone.hangs_up()

        # What he heard, in this order: the emergency sentence, that nobody can answer, to speak after the tone.
        words = [(SOUNDS / f"{name}.alaw").read_bytes() for name in ("fr/emergency-112", "fr/busy", "fr/leave-message")]
        places = [heard(phone).find(word[1600:3200]) for word in words]
        assert -1 < places[0] < places[1] < places[2], places
        assert phone.statuses[-1] == 200

        ((key, seconds, of, _),) = await until("the message is taken", lambda: house.rows(MESSAGES))
        assert (key, of) == (f"voice-{call}", call)
        assert 2 <= seconds < 15
        await until("the spool is empty", lambda: list((tmp_path / "spool").iterdir()) == [])
        (kept,) = (tmp_path / "audio").iterdir()
        assert VOICE[:80] not in kept.read_bytes()
        assert kept.stat().st_mode & 0o777 == 0o600

        await until("the mail is delivered", lambda: list((tmp_path / "mail").glob("*.eml")))
        (mail,) = (tmp_path / "mail").glob("*.eml")
        parts = message_from_bytes(mail.read_bytes(), policy=policy.default).walk()
        said = "".join(part.get_content() for part in parts if not part.is_multipart()).replace(key, "")
        for secret in ("621000147", "621 000 147", "Weber ", "message vocal"):
            assert secret not in said

        claire, doctor = await house.browser(demo_cast.CLAIRE), await house.browser(demo_cast.WEBER)
        shown = (await claire.get("/console/fragments/messages"))[1].decode()
        assert "621 000 147" in shown
        assert "is-final" not in shown
        status, audio = await doctor.get(f"/portal/messages/{key}/audio")
        assert status == 200
        assert frequencies(audio[-12000:-4000]) == {700}
        for stranger in (await house.browser(demo_cast.DUPONT), claire):
            assert (await stranger.get(f"/portal/messages/{key}/audio"))[0] in (403, 404)
        assert (await doctor.post(f"/portal/messages/{key}/acknowledge"))[0] == 200
        assert "is-final" in (await claire.get("/console/fragments/messages"))[1].decode()

        # The practice that has not agreed: the emergency sentence, and no recording.
        await closed.until(lambda: closed.state.startswith("ended"), 20)
        emergency = (SOUNDS / "fr" / "emergency-15-112.alaw").read_bytes()
        assert emergency[1600:3200] in heard(closed)
        assert len(house.rows(MESSAGES)) == 1


async def test_what_media_recorded_before_it_was_killed_is_a_message_all_the_same(
    tmp_path: Path, demonstration: Path
) -> None:
    async with recorded_house(tmp_path, demonstration) as house:
        phone = house.phone()
        call = await speaks(house, phone, 2)
        await house.kill(house.media)
        phone.hangs_up()
        ended = "select ended_at from calls_call where call = ? and ended_at is not null"
        await until("the call is over", lambda: house.rows(ended, call))
        assert house.rows(MESSAGES) == []
        await house.kill(house.worker)
        file = tmp_path / "spool" / f"{call}.alaw"
        a_while_ago = datetime.now(UTC) - timedelta(minutes=5)
        os.utime(file, (a_while_ago.timestamp(),) * 2)
        house.change("update calls_call set ended_at = ? where call = ?", a_while_ago.isoformat(" "), call)
        await house.start_worker()
        ((key, seconds, of, _),) = await until("the recording is found", lambda: house.rows(MESSAGES))
        assert (of, re.sub("^voice-", "", key)) == (call, call)
        assert seconds >= 2
        await until("the spool is empty", lambda: not file.exists())
