# SPDX-License-Identifier: AGPL-3.0-or-later
"""`hidden`: she works in another tab for ten minutes, then a call comes. Stock Chromium, background throttling on.

The whole demonstration house runs as `./run` starts it; the wait is a real one.
"""

import asyncio
import sys
import time

from bench.figures import Figures, priority
from bench.house import folder_of_its_own
from permanence.foundation.exchange import ExchangeAbsent
from permanence.project import demo_cast as cast
from tests.screens import voices
from tests.screens.hidden import call_into_hidden, hidden_behind, sit_down, two_tabs
from tests.screens.whole_house import WholeHouse, whole_house

HIDDEN_S = 600.0
LOOK_EVERY_S = 15.0


def hidden(*, seconds: float = HIDDEN_S) -> tuple[list[Figures], str]:
    """One run: `seconds` hidden, then one call. Figures: what was kept, `failed` counts what was not."""
    return asyncio.run(_hidden(seconds))


async def _hidden(seconds: float) -> tuple[list[Figures], str]:
    with folder_of_its_own() as folder:
        async with whole_house(folder / "demo") as house:
            voice = voices.write_wav(folder / "voice.wav", voices.built_in("en/voice-secretary"), rate=48000)
            async with two_tabs(house.site, voice) as (console, other):
                await sit_down(console, house.site, cast.AOIFE)
                await hidden_behind(console, other)
                not_ready = await _wait(house, seconds)
                found = await call_into_hidden(house, console, folder / "caller.wav")
            faults = found.faults()
            for words in faults:
                print(words, file=sys.stderr)
            figures: Figures = {
                "hidden_s": seconds,
                "looks_not_ready": not_ready,
                "timer_late_ms": found.late_ms,
                "sockets_opened": found.sockets_opened,
                "sockets_closed": found.sockets_closed,
                "ring_peak": float(found.rang["peak"]),
                "secretary_likeness": found.secretary_heard,
                "caller_likeness": found.caller_heard,
                "failed": len(faults) + not_ready,
            }
            return [figures], priority(house.process_of("permanence.engine.mediaplane"))


async def _wait(house: WholeHouse, seconds: float) -> int:
    """The wait; how many of the looks at the exchange meanwhile found her anything but ready on a line that is up."""
    until, not_ready = time.monotonic() + seconds, 0
    while (left := until - time.monotonic()) > 0:
        await asyncio.sleep(min(LOOK_EVERY_S, left))
        not_ready += await asyncio.to_thread(_states, house) != [("ready", True)]
    return not_ready


def _states(house: WholeHouse) -> list[tuple[str, bool]]:
    """Presence and connection of each seat; none while the exchange does not answer."""
    try:
        return [(seat["presence"], seat["connected"]) for seat in house.exchange.status()["seats"]]
    except ExchangeAbsent:
        return []
