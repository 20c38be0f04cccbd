# SPDX-License-Identifier: AGPL-3.0-or-later
"""`python -m permanence.engine.exchange`: prints `ready` when it serves, stops on SIGTERM."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable
from functools import partial

from permanence.engine.exchange.log import LATER_S, Log, start_logging
from permanence.engine.exchange.options import Options, read_options
from permanence.engine.exchange.process import CannotStart, Exchange
from permanence.engine.faults import count_faults
from permanence.kernel.faults import FaultBook
from permanence.kernel.system import PooledEntropy, SystemClock

_new_loop: Callable[[], asyncio.AbstractEventLoop] | None
try:
    import uvloop
except ImportError:
    _new_loop = None
else:
    _new_loop = uvloop.new_event_loop

_log = logging.getLogger("permanence.exchange")


async def serve(options: Options, log: Log) -> None:
    """Runs until SIGTERM (another exchange follows: the calls stay in media) or SIGINT (the house goes down: every
    caller is told). Raises CannotStart or OSError."""
    stopping, closing = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def close() -> None:
        closing.set()
        stopping.set()

    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    loop.add_signal_handler(signal.SIGINT, close)
    log.later = partial(loop.call_later, LATER_S)
    faults = FaultBook()
    count_faults(faults.note)
    exchange = Exchange(options, SystemClock(), PooledEntropy(), faults=faults, tell=log.tell)
    await exchange.start()
    gc.collect()
    gc.set_threshold(50_000, 20, 50)  # a call leaves next to no cycles behind
    gc.freeze()  # what lives from the start is not walked again during calls
    print("ready", flush=True)  # noqa: T201 - the contract with whoever started us
    await stopping.wait()
    _log.info("closing" if closing.is_set() else "stopping")
    if closing.is_set():
        await exchange.close()
    await exchange.stop()
    log.later = None
    log.flush()


def main() -> int:
    """The process; its exit status."""
    options = read_options()
    log = start_logging(logging.DEBUG if options.verbose else logging.INFO)
    try:
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            runner.run(serve(options, log))
    except (CannotStart, OSError) as error:
        _log.error("cannot_start", extra={"fields": {"why": str(error)}})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
