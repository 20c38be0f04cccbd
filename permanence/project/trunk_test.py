# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run trunk test NUMBER`: the running house calls a number over a trunk and says what the carrier does.

An echo number of the carrier is the best one: it answers at once and gives back what it hears.
"""

import argparse
import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from permanence.foundation.exchange import Exchange
from permanence.kernel.refusals import Refusal
from permanence.project import line_states
from permanence.project.config import Configuration
from permanence.project.phone import directory, sound
from permanence.project.supervisor import folder
from permanence.project.supervisor.start import DEMONSTRATION, configuration_of, say
from permanence.project.trunk_report import CODECS, Echo, find_echo, report
from permanence.reception.table import RoutingTable
from permanence.telephony import spool

LIMIT_S = 220.0
"""The exchange itself gives up a call that nobody answers after 180 s."""
RECORDING_LIMIT_S = 5.0
DIGITS = "159#"
PROMPTS = {"fr": "fr/voice-caller", "en": "en/voice-caller", "de": "de/voice-caller"}


class CannotTest(Refusal):
    """There is nothing to test, or not enough was said."""

    code = "cannot_test"


class Call(NamedTuple):
    """What is dialled: the fields of the exchange's `dial`."""

    house: str
    trunk: str
    number: str
    caller: str
    seconds: int


def choose(table: RoutingTable, house: str, trunk: str | None, caller: str | None) -> tuple[str, str]:
    """The trunk to call over and the line to show. Raises CannotTest with the names there are."""
    trunks = [entry.name for entry in table.houses[house].trunks] if house in table.houses else []
    lines = sorted(line for line, owner in table.lines.items() if owner[0] == house)
    if not trunks or not lines:
        raise CannotTest("The house has no trunk or no line yet: add them in the back office.")
    if trunk is None and len(trunks) > 1:
        raise CannotTest(f"Say which trunk: --trunk {' or '.join(trunks)}")
    if trunk is not None and trunk not in trunks:
        raise CannotTest(f"The house has no trunk {trunk!r}; it has {', '.join(trunks)}.")
    if caller is not None and caller not in lines:
        raise CannotTest(f"{caller} is no line of the house; its lines are {', '.join(lines)}.")
    return trunk or trunks[0], caller or lines[0]


def refuse_own_line(table: RoutingTable, number: str) -> None:
    """A test call to a line of ours would come back in and ring a secretary. Raises CannotTest."""
    owner = table.lines.get(number)
    if owner is not None:
        raise CannotTest(
            f"{number} is the line of {table.clients[owner].name}, a client of this house: the call would ring a "
            "secretary. Give a number outside it, best an echo number of the carrier."
        )


def words(event: dict[str, Any]) -> str:
    """One event of the test call as a sentence."""
    match event["type"]:
        case "DialStarted":
            way = f" ({event['remote']})" if event["remote"] else ""
            return f"INVITE sent over {event['trunk']} to {event['number']}{way}"
        case "DialProgressed":
            early = ", with sound before the answer" if event["early_media"] else ""
            return f"the carrier says {event['status']}{early}"
        case "DialAnswered":
            return f"answered, {CODECS.get(event['payload_type'], event['payload_type'])}"
        case "DialDigit":
            return f"the key {event['digit']} came back"
        case "DialRecorded":
            return f"{event['seconds']:.1f} s of sound recorded"
        case "DialEnded":
            heard = "sound came back" if event["heard"] else "NO sound came back"
            refusal = f"refused with {event['status']}: {event['why']}" if event["status"] else event["why"]
            return f"ended by the {event['by']} ({refusal}); {heard}"
    return str(event["type"])


async def follow(path: Path, dial: str) -> list[dict[str, Any]]:
    """Prints the events of one call of ours; all of them. Acknowledges nothing: the worker does that for the house."""
    reader, writer = await asyncio.open_unix_connection(str(path), limit=4_000_000)
    writer.write(json.dumps({"id": 1, "command": "subscribe", "after": 0}).encode() + b"\n")
    found: list[dict[str, Any]] = []
    try:
        while line := await asyncio.wait_for(reader.readline(), _patience(found)):
            event = json.loads(line).get("event", {})
            if event.get("dial") != dial:
                continue
            say(f"  {words(event)}")
            found.append(event)
            if whole(found):
                return found
    except TimeoutError as error:
        if not _is_over(found):
            raise CannotTest("The call did not end in time.") from error
        return found
    finally:
        writer.close()
    raise CannotTest("The exchange closed the connection.")


def _is_over(found: Sequence[dict[str, Any]]) -> bool:
    return any(event["type"] == "DialEnded" for event in found)


def _patience(found: Sequence[dict[str, Any]]) -> float:
    return RECORDING_LIMIT_S if _is_over(found) else LIMIT_S


def whole(found: Sequence[dict[str, Any]]) -> bool:
    """Whether nothing more of a call is to be told: it ended and, once answered, its recording is on the disk."""
    kinds = {event["type"] for event in found}
    return "DialEnded" in kinds and ("DialAnswered" not in kinds or "DialRecorded" in kinds)


def listen(found: Sequence[dict[str, Any]], data: Path, prompt: str) -> Echo | None:
    """Looks for our voice in the recording, which is deleted; None where there is none. `data`: the data folder."""

    def private(key: bytes) -> bytes:
        return (data / "keys" / spool.private_key_file(key)).read_bytes()

    for event in found:
        if event["type"] == "DialRecorded":
            file = data / "spool" / Path(str(event["file"])).name
            try:
                heard = sound.from_alaw(spool.open_file(file.read_bytes(), file=file.name, private=private))
            except (OSError, spool.SpoolBroken):
                return None
            finally:
                file.unlink(missing_ok=True)
            return find_echo(sound.from_alaw((sound.VOICES / f"{prompt}.alaw").read_bytes()), heard)
    return None


def main(arguments: Sequence[str]) -> int:
    """Status 0 when the call was answered and sound came back."""
    parser = argparse.ArgumentParser(prog="./run trunk test", description="Calls a number over a trunk.")
    parser.add_argument("number", help="in full with its country; best an echo number of the carrier")
    parser.add_argument("--trunk", help="which trunk, where the house has several")
    parser.add_argument("--caller", help="the line of the house to show")
    parser.add_argument("--seconds", type=int, default=8, help="how long to talk after the answer (default: 8)")
    parser.add_argument("--data", type=Path, default=DEMONSTRATION, help="the data folder (default: var/demo)")
    options = parser.parse_args(arguments)
    data = options.data.resolve()
    number = directory.read_number(options.number).e164
    status = folder.read_status(data)
    if status is None:
        raise CannotTest(f"No house is running on {data}.")
    configuration = configuration_of(data, os.environ)
    table = line_states.read_table(data)
    refuse_own_line(table, number)
    trunk, caller = choose(table, configuration.house, options.trunk, options.caller)
    say(f"calling {number} over {trunk}, showing {caller}")
    call = Call(configuration.house, trunk, number, caller, max(options.seconds, 4))
    prompt = PROMPTS[directory.look_up_language(number)]
    lines, works = examine(Path(status["run"]) / "exchange.sock", call, prompt, configuration)
    for line in lines:
        say(line)
    say("The trunk works." if works else "The trunk does NOT carry a whole call.")
    return 0 if works else 1


def examine(control: Path, call: Call, prompt: str, configuration: Configuration) -> tuple[list[str], bool]:
    """Makes the call; the report and whether the trunk works. Raises CannotTest or a refusal of the exchange."""
    wanted = {"digits": DIGITS, "record": True, "prompt": prompt}
    dialled = Exchange(control).command("dial", **call._asdict(), **wanted)
    found = asyncio.run(follow(control, str(dialled["dial"])))
    echo = listen(found, configuration.data, prompt)
    return report(found, shown=call.caller, digits=DIGITS, public=configuration.public_address, echo=echo)
