# SPDX-License-Identifier: AGPL-3.0-or-later
"""The portal as a channel: nothing travels, the open pages of the client are told to fetch again."""

from datetime import datetime

from permanence.dispatch.rules import Attempt, Outcome
from permanence.foundation import live


def show(*, client: str, house_key: int, at: datetime) -> Attempt:
    """Tell the open pages of a client; the message is on them from now on."""
    live.touch(f"client/{client}/messages", house_key=house_key, at=at)
    return Attempt(outcome=Outcome.SENT)
