# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run phone NUMBER`: dials, plays, listens, prints what happens, and writes what it heard to a WAV file."""

import argparse
import asyncio
import contextlib
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from permanence.engine.mediaplane.prompts import PromptLibrary
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.project import line_states
from permanence.project.phone import directory, sound
from permanence.project.phone.softphone import Call, Softphone
from permanence.project.supervisor import folder
from permanence.project.supervisor.start import CLONE, DEMONSTRATION, say
from permanence.reception.table import RoutingTable
from permanence.telephony.media.dtmf import DIGITS

CALLER = "+33639980147"
"""A French mobile number from the range kept for fiction (06 39 98 xx xx)."""


def main(arguments: Sequence[str]) -> int:
    """Status 0 after an answered call, 1 otherwise."""
    options = parser().parse_args(arguments)
    data = options.data.resolve()
    status = folder.read_status(data)
    table = RoutingTable() if status is None else line_states.read_table(data)
    dialled = directory.read_number(options.number, lines=table.lines)
    if status is None:
        raise Refusal(f"No house is running on {options.data}. Start it first, in another terminal: ./run")
    found = directory.look_up(dialled, table, at=SystemClock().now())
    for remark in found.remarks:
        say(remark)
    codes = sound.read_wav(options.play) if options.play else sound.built_in_voice(options.language or found.language)
    house = (reachable(str(status["sip"]["host"])), int(status["sip"]["port"]))
    call = asyncio.run(_call(options, dialled.e164, house, sound.frames(codes, repeat=not options.once)))
    if call.answered.is_set():
        call.audio.recorder.write(options.record)
        say(f"heard {call.audio.recorder.seconds:.1f} s, written to {options.record}")
    return 0 if call.answered.is_set() else 1


def reachable(host: str) -> str:
    """The address at which this machine reaches what listens on `host` (every address: loopback)."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def parser() -> argparse.ArgumentParser:
    """What `./run phone` takes."""
    takes = argparse.ArgumentParser(
        prog="./run phone", description="Calls the running house. Keys 0-9 * # are sent as tones; Ctrl-C hangs up."
    )
    takes.add_argument("number", help=f"in full with its country: +353209100101; 06 39 98 01 47 in France is {CALLER}")
    takes.add_argument("--data", type=Path, default=DEMONSTRATION, help="the house's data folder (default: var/demo)")
    takes.add_argument("--from", dest="caller", default=CALLER, help=f"the caller's number (default: {CALLER})")
    takes.add_argument("--name", default="", help="the caller's name")
    takes.add_argument("--anonymous", action="store_true", help="withholds the caller's number")
    takes.add_argument(
        "--forwarded-from", metavar="NUMBER", help="the client's number that was dialled, and is forwarded to the house"
    )
    takes.add_argument("--play", type=Path, metavar="WAV", help="what to say (default: a built-in voice)")
    takes.add_argument("--once", action="store_true", help="says it once instead of again and again")
    takes.add_argument("--language", choices=("fr", "en", "de"), help="of the built-in voice")
    takes.add_argument("--record", type=Path, metavar="WAV", default=CLONE / "var" / "phone.wav", help="what was heard")
    takes.add_argument("--keys", default="", metavar="DIGITS", help="pressed once the call is answered")
    takes.add_argument("--seconds", type=float, metavar="N", help="hangs up N seconds after the answer")
    return takes


class Teller:
    """Prints the steps of a call with the seconds since it was dialled."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._start = now()

    def __call__(self, step: str, detail: str) -> None:
        """One step, as `softphone.Progress`."""
        say(f"{self._now() - self._start:6.1f} s  {told(step, detail)}")


HEARD = {
    "music": "the house answers: waiting music",
    "announcement": "the house answers: a recorded announcement",
    "place": "the house answers: your place in the queue",
    "closing": "the house answers: closing words",
    "tone": "the tone: a message can be left now",
    "speech": "a person speaks",
    "silence": "silence",
}


def told(step: str, detail: str) -> str:
    """A step of a call (`softphone.Progress`) as a person reads it. 200 alone does not say who is there."""
    words = {
        "ringing": "ringing",
        "answered": "connected",
        "hears": HEARD.get(detail, detail),
        "ended": f"ended by {detail}",
        "failed": f"not answered: {detail}",
    }
    return words[step]


def known_sounds(data: Path) -> dict[bytes, str]:
    """The sounds of the house of this data folder, what its clients recorded with them."""
    clients = line_states.read_table(data).clients.values()
    before = {each.announcement for client in clients for each in client.greetings if each.announcement}
    folder = data / "prompts"
    own = {path.stem for path in folder.glob("*.alaw")} - before
    return sound.house_sounds(PromptLibrary(folder), sorted(own), sorted(before))


async def _call(options: argparse.Namespace, number: str, house: tuple[str, int], frames: Iterator[bytes]) -> Call:
    loop = asyncio.get_running_loop()
    phone = Softphone(house, SystemEntropy(), known_sounds(options.data.resolve()))
    await phone.open()
    caller = directory.read_number(options.caller).e164
    forwarder = directory.read_number(options.forwarded_from).e164 if options.forwarded_from else ""
    say(f"dialling {number} as {'a withheld number' if options.anonymous else caller}; Ctrl-C hangs up")
    call = await phone.call(
        number,
        caller=caller,
        display=options.name,
        anonymous=options.anonymous,
        frames=frames,
        progress=Teller(loop.time),
        forwarded_from=forwarder,
    )
    loop.add_signal_handler(signal.SIGINT, phone.hang_up, call)
    loop.add_signal_handler(signal.SIGTERM, phone.hang_up, call)
    timer = asyncio.create_task(_limit(phone, call, options.seconds, options.keys))
    with _keyboard(call):
        await call.over.wait()
    timer.cancel()
    await phone.close()
    return call


async def _limit(phone: Softphone, call: Call, seconds: float | None, keys: str) -> None:
    await call.answered.wait()
    call.audio.press("".join(key for key in keys.upper() if key in DIGITS))
    if seconds is not None:
        await asyncio.sleep(seconds)
        phone.hang_up(call)


@contextlib.contextmanager
def _keyboard(call: Call) -> Iterator[None]:
    """While a terminal is there, each key typed that is on a telephone is sent at once, without Enter."""
    if not sys.stdin.isatty():
        yield
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()

    def typed() -> None:
        key = sys.stdin.read(1).upper()
        if key and key in DIGITS:
            call.audio.press(key)
            say(f"          sends {key}")

    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, typed)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
