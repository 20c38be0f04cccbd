# SPDX-License-Identifier: AGPL-3.0-or-later
"""The reception desk of one house. INTERFACE PUBLISHED, being filled in (do not edit)."""

from datetime import datetime
from typing import Any

from permanence.kernel.clock import Entropy
from permanence.reception.decisions import Decided, PresenceIs, QueueIs, Offer
from permanence.reception.table import RoutingTable


class Reception:
    """One pooled queue for all clients of one house. Every input returns a `Decided`; a no is a `Refusal`.

    Lifecycle of a call: call_arrived -> (offers) -> answer -> call_over (-> wrap-up) ; or call_gone at any moment.
    """

    def __init__(self, house: str, table: RoutingTable, *, entropy: Entropy) -> None: ...

    # the house's data changed
    def table_changed(self, table: RoutingTable, *, at: datetime) -> Decided: ...

    # calls ------------------------------------------------------------------------------------------------
    def call_arrived(
        self, call: str, *, client: str | None, at: datetime, caller: str | None = None, masked: bool = False,
        display: str = "", called_line: str = "", trunk: str = "", languages: tuple[str, ...] = (),
    ) -> Decided:
        """`at` = the INVITE's moment. `client` None: unknown line (UnknownLineCalled is among the events)."""

    def call_gone(self, call: str, *, at: datetime) -> Decided:
        """The caller hung up / leg failed, whatever the call's stage; unknown or finished calls: nothing happens."""

    def call_over(self, secretary: str, call: str, *, at: datetime) -> Decided:
        """The conversation is over (she pressed end; the exchange sends BYE): wrap-up begins."""

    # seats ------------------------------------------------------------------------------------------------
    def seat_connected(self, secretary: str, seat: str, *, at: datetime) -> Decided:
        """Her console's websocket is up (first: presence off). Does not touch what is known of her line:
        when `hello` brings a new SDP offer, say line_state(up=False) before it and line_state(up=True) on line_up."""

    def seat_lost(self, secretary: str, seat: str, *, at: datetime) -> Decided:
        """Websocket closed. Ignored when `seat` is not the one connected (taken over by another page)."""

    def seat_revoked(self, secretary: str, *, at: datetime) -> Decided:
        """Off at once, whatever she does; her call goes back to the queue."""

    def line_state(self, secretary: str, *, up: bool, at: datetime) -> Decided: ...

    # her acts (each may raise Refusal) ---------------------------------------------------------------------
    def ready(self, secretary: str, *, at: datetime) -> Decided: ...
    def pause(self, secretary: str, reason: str, *, at: datetime) -> Decided: ...
    def off(self, secretary: str, *, at: datetime) -> Decided: ...
    def answer(self, secretary: str, call: str, *, at: datetime) -> Decided: ...
    def decline(self, secretary: str, call: str, *, at: datetime) -> Decided: ...
    def wrap_up_done(self, secretary: str, call: str, outcome: str, *, at: datetime) -> Decided: ...

    # time -------------------------------------------------------------------------------------------------
    def tick(self, *, at: datetime) -> Decided: ...
    def next_deadline(self) -> datetime | None: ...

    # reading ----------------------------------------------------------------------------------------------
    def presence(self, secretary: str) -> PresenceIs | None: ...
    def offer_to(self, secretary: str) -> Offer | None: ...
    def call_of(self, secretary: str) -> str | None:
        """The call she talks in (or is wrapping up)."""
    def queue(self) -> QueueIs: ...

    # restart ----------------------------------------------------------------------------------------------
    def export(self) -> dict[str, Any]:
        """All named states (what the `states` of every Decided add up to)."""

    @classmethod
    def restore(
        cls, house: str, table: RoutingTable, states: dict[str, Any], *, entropy: Entropy, at: datetime
    ) -> tuple["Reception", Decided]:
        """The desk as it stood. Sockets are taken as lost (seats have reconnect_s from `at`), lines as last known."""
