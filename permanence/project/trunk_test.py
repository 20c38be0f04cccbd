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
from typing import Any

from permanence.foundation.exchange import Exchange
from permanence.kernel.refusals import Refusal
from permanence.project.phone import directory
from permanence.project.supervisor import folder
from permanence.project.supervisor.start import DEMONSTRATION, configuration_of, say
from permanence.reception.table import RoutingTable

LIMIT_S = 220.0
"""The exchange itself gives up a call that nobody answers after 180 s."""

CODECS = {0: "G.711 mu-law", 8: "G.711 A-law"}


class CannotTest(Refusal):
    """There is nothing to test, or not enough was said."""

    code = "cannot_test"


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


def words(event: dict[str, Any]) -> str:
    """One event of the test call as a sentence."""
    match event["type"]:
        case "DialStarted":
            return f"INVITE sent over {event['trunk']} to {event['number']}"
        case "DialProgressed":
            early = ", with sound before the answer" if event["early_media"] else ""
            return f"the carrier says {event['status']}{early}"
        case "DialAnswered":
            return f"answered, {CODECS.get(event['payload_type'], event['payload_type'])}"
        case "DialEnded":
            heard = "sound came back" if event["heard"] else "NO sound came back"
            refusal = f"refused with {event['status']}: {event['why']}" if event["status"] else event["why"]
            return f"ended by the {event['by']} ({refusal}); {heard}"
    return str(event["type"])


def works(event: dict[str, Any]) -> bool:
    """Whether the last event says that the trunk carries a call with its sound."""
    return event["type"] == "DialEnded" and event["answered_at_ms"] is not None and bool(event["heard"])


async def follow(path: Path, dial: str) -> dict[str, Any]:
    """Prints the events of one call of ours; the last one. Acknowledges nothing: the worker does that for the house."""
    reader, writer = await asyncio.open_unix_connection(str(path), limit=4_000_000)
    writer.write(json.dumps({"id": 1, "command": "subscribe", "after": 0}).encode() + b"\n")
    try:
        while line := await reader.readline():
            event = json.loads(line).get("event", {})
            if event.get("dial") == dial:
                say(f"  {words(event)}")
                if event["type"] == "DialEnded":
                    return dict(event)
    finally:
        writer.close()
    raise CannotTest("The exchange closed the connection.")


def main(arguments: Sequence[str]) -> int:
    """Status 0 when the call was answered and sound came back."""
    parser = argparse.ArgumentParser(prog="./run trunk test", description="Calls a number over a trunk.")
    parser.add_argument("number", help="in full with its country; best an echo number of the carrier")
    parser.add_argument("--trunk", help="which trunk, where the house has several")
    parser.add_argument("--caller", help="the line of the house to show")
    parser.add_argument("--data", type=Path, default=DEMONSTRATION, help="the data folder (default: var/demo)")
    options = parser.parse_args(arguments)
    data = options.data.resolve()
    number = directory.read_number(options.number).e164
    status = folder.read_status(data)
    if status is None:
        raise CannotTest(f"No house is running on {data}.")
    house = configuration_of(data, os.environ).house
    trunk, caller = choose(directory.read_table(data), house, options.trunk, options.caller)
    say(f"calling {number} over {trunk}, showing {caller}")
    path = Path(status["run"]) / "exchange.sock"
    found = Exchange(path).command("dial", house=house, trunk=trunk, number=number, caller=caller, seconds=5)
    try:
        last = asyncio.run(asyncio.wait_for(follow(path, str(found["dial"])), LIMIT_S))
    except TimeoutError as error:
        raise CannotTest("The call did not end in time.") from error
    say("The trunk works." if works(last) else "The trunk does NOT carry a whole call.")
    return 0 if works(last) else 1
