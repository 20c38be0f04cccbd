# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the client accounts announce."""

from dataclasses import dataclass

from permanence.kernel.events import Event, EventCatalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChanged(Event):
    """Something of a client that the telephone or a screen shows has changed. `client` is his id."""

    client: str


CLIENTS_EVENTS = EventCatalogue(ClientChanged)
