# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run demo`: life for the running demonstration house, until Ctrl-C: callers and, when asked for, a secretary."""

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from permanence.foundation.exchange import Exchange, ExchangeAbsent
from permanence.kernel.clock import Entropy
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.project import demo_cast
from permanence.project.demo_callers import HOURS, TALK_S, Caller, Street, callers, calls_an_hour, gaps, open_lines
from permanence.project.demo_cast import NUMBERS, Login
from permanence.project.phone.command import known_sounds, reachable
from permanence.project.phone.softphone import Softphone
from permanence.project.secretary.person import Secretary
from permanence.project.secretary.site import NotHere, Site, loopback
from permanence.project.supervisor import folder
from permanence.project.supervisor.start import DEMONSTRATION, say

SECRETARIES: dict[str, Login] = {
    login.email.partition("@")[0]: login
    for login in demo_cast.DEMONSTRATION_LOGINS
    if login.email in (demo_cast.CLAIRE, demo_cast.AOIFE)
}
SECOND = "aoife"
"""Who is played when nobody is named: the one who speaks English, so that the line that is always open is answered."""
SHE_ENDS = 0.25
"""The share of the calls that the secretary ends rather than the caller."""

Status = dict[str, Any]


def main(arguments: Sequence[str]) -> int:
    """Status 0 after Ctrl-C. Raises Refusal."""
    options = _parser().parse_args(arguments)
    data = options.data.resolve()
    status = demonstration(data)
    if options.scale < 0 or options.speed <= 0 or (options.scale == 0 and options.secretary is None):
        raise Refusal("--speed must be above 0, and so must --scale without --secretary.")
    talks = split_talk(options.talk, both=options.scale > 0 and options.secretary is not None)
    coming = None
    if options.scale > 0:
        an_hour = calls_an_hour(len(NUMBERS), options.hour, options.scale) * options.speed
        say(f"{options.hour} h: {an_hour:.0f} callers an hour on {len(NUMBERS)} lines, then as the day goes")
        along = gaps(options.hour, options.scale, SystemEntropy(), speed=options.speed)
        coming = callers(along, SystemEntropy(), talk_s=talks[0], lines=lambda: open_lines(data))
    secretary = None if options.secretary is None else played(SECRETARIES[options.secretary], status, data, talks[1])
    asyncio.run(_live(status, data, coming, secretary))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run demo",
        description="Brings the running demonstration house to life, until Ctrl-C: callers along the curve of a day "
        "and, with --secretary, one of its secretaries, who answers them, speaks, and takes messages that say they "
        "are of the demonstration. Be the other secretary, or Marc who supervises, in your browser beside it.",
    )
    parser.add_argument("--data", type=Path, default=DEMONSTRATION, help="its data folder (default: var/demo)")
    parser.add_argument("--hour", type=int, choices=sorted(HOURS), default=9, help="where the day begins (default: 9)")
    parser.add_argument("--speed", type=float, default=1.0, help="how fast the day passes (default: 1, as it is)")
    parser.add_argument(
        "--scale", type=float, default=5.0, help="times the calls of three lines (default: 5); 0: no callers but yours"
    )
    parser.add_argument("--talk", type=float, default=TALK_S, help=f"mean seconds of a conversation ({TALK_S:.0f})")
    parser.add_argument(
        "--secretary",
        nargs="?",
        const=SECOND,
        choices=sorted(SECRETARIES),
        metavar="WHO",
        help=f"plays a secretary: {' or '.join(sorted(SECRETARIES))} (default: {SECOND})",
    )
    return parser


def demonstration(data: Path) -> Status:
    """What the demonstration house of this folder published. Raises Refusal where none runs there."""
    status = folder.read_status(data)
    if status is None or not status["demonstration"]:
        raise Refusal(f"No demonstration house is running on {data}. Start it first: ./run")
    return status


def split_talk(mean_s: float, *, both: bool) -> tuple[float, float]:
    """Mean seconds after which a caller, and after which the secretary, ends a call that goes on.

    Whoever is first ends it. The shorter of two times without memory has none either, and their rates add up: where
    `both` may end it, a conversation still lasts `mean_s` on average and she ends SHE_ENDS of them.
    """
    return (mean_s / (1.0 - SHE_ENDS), mean_s / SHE_ENDS) if both else (mean_s, mean_s)


def played(
    login: Login,
    status: Status,
    data: Path,
    talk_s: float,
    *,
    say: Callable[[str], None] = say,
    entropy: Entropy | None = None,
) -> Secretary:
    """One of the secretaries of a house that nobody else sees; `say` is told each act. Raises NotHere."""
    if status["demonstration"] is not True:
        raise NotHere("This is no demonstration house: nobody is played there.")
    loopback(str(status["line"]), "ws")
    return Secretary(
        login,
        Site(str(status["web"])),
        talk_s=talk_s,
        clock=SystemClock(),
        entropy=entropy or SystemEntropy(),
        runs=lambda: folder.is_running(data),
        seated=lambda secretary: is_seated(Path(str(status["run"])) / "exchange.sock", secretary),
        say=say,
    )


def is_seated(exchange: Path, secretary: str) -> bool:
    """Whether a page of this secretary (id) is open at the exchange behind this control socket."""
    try:
        seats = Exchange(exchange).command("status")["seats"]
    except ExchangeAbsent:
        return False
    return any(seat["secretary"] == secretary and seat["connected"] for seat in seats)


async def _live(status: Status, data: Path, coming: Iterator[Caller] | None, secretary: Secretary | None) -> None:
    """Callers and secretary until a signal, or until neither is left. Raises Refusal."""
    if secretary is not None:
        await secretary.begin()
    house = (reachable(str(status["sip"]["host"])), int(status["sip"]["port"]))
    street = Street(Softphone(house, SystemEntropy(), known_sounds(data)))
    await street.phone.open()
    walking = [] if coming is None else [asyncio.create_task(street.walk(coming))]
    playing = [] if secretary is None else [asyncio.create_task(secretary.work())]
    say("Ctrl-C stops the demonstration; the house goes on.")
    with _stopped_by_signals() as stop:
        await _until(stop, (*walking, *playing))
    for task in walking:
        task.cancel()
    if secretary is not None:
        await secretary.leave()
    await street.go_home()
    ended = await asyncio.gather(*walking, *playing, return_exceptions=True)
    for sentence in (*(street.summary() for _ in walking), *([secretary.summary()] if secretary is not None else [])):
        say(sentence)
    for result in ended:
        if isinstance(result, Exception):
            raise result


async def _until(stop: asyncio.Event, working: Sequence[asyncio.Task[None]]) -> None:
    """Until it is stopped, all work is done, or some of it failed."""
    stopped = asyncio.create_task(stop.wait())
    over = asyncio.create_task(asyncio.wait(working, return_when=asyncio.FIRST_EXCEPTION))
    await asyncio.wait((stopped, over), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    over.cancel()


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C or the end of this process sets."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
