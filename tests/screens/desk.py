# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a call comes to a secretary, for tests in a browser."""

from typing import Any

from tests.screens.fakes.exchange import FakeExchange
from tests.screens.pages import ConsolePage


async def on_a_call(console: ConsolePage, exchange: FakeExchange, card: dict[str, Any]) -> None:
    """She was ready, and has answered the call that rang with this card."""
    await console.go_ready()
    await exchange.command("ready")
    await exchange.ring(card)
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")
