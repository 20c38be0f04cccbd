# SPDX-License-Identifier: AGPL-3.0-or-later
"""A change proved before it is saved, whoever makes it: the change is done, looked at, and taken back where it must be.

`change` is the very act that saves (one operation, or several), so that what is proved is what is saved. A conflict
that is new takes all of it back; one that stood already is told, and is in nobody's way.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from permanence.clients import said
from permanence.clients.acts import account
from permanence.clients.rules.compared import Compared, compare
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal


class SaidContradicts(Refusal):
    """What would be said contradicts itself by this change: nothing of it is saved. `found` says all it does."""

    code = "said_contradicts"

    def __init__(self, found: Compared) -> None:
        super().__init__(", ".join(sorted({each.code for each in found.conflicts})))
        self.found = found


class NotSeen(Refusal):
    """The change brings something that who makes it was not shown: nothing of it is saved yet. `found` says what."""

    code = "not_seen"

    def __init__(self, found: Compared) -> None:
        super().__init__(found.mark)
        self.found = found


class _TakenBack(Exception):
    """Ends a transaction whose change was only tried out."""

    def __init__(self, found: Compared) -> None:
        super().__init__()
        self.found = found


@transaction.atomic
def save_proved(*, client: str, change: Callable[[], object], by: Who, at: datetime) -> Compared:
    """Do `change` to the client and prove him for twelve months from `at` on; what that brings, ends and leaves.

    Raises SaidContradicts with nothing saved when a conflict is new, ClientUnknown, and what `change` raises.
    """
    found = _changed(client, change, by, at)
    if found.conflicts:
        raise SaidContradicts(found)
    return found


@transaction.atomic
def save_seen(*, client: str, change: Callable[[], object], seen: str, by: Who, at: datetime) -> Compared:
    """As `save_proved`, where nothing was tried out before: what is new is told first, once.

    `seen`: the `Compared.mark` of what was told already, "" for nothing. Raises NotSeen besides.
    """
    found = save_proved(client=client, change=change, by=by, at=at)
    if found.new and found.mark != seen:
        raise NotSeen(found)
    return found


def try_out(*, client: str, change: Callable[[], object], by: Who, at: datetime) -> Compared:
    """What `change` would bring, end and leave; nothing is saved. Raises ClientUnknown, and what `change` raises."""
    try:
        with transaction.atomic():
            raise _TakenBack(_changed(client, change, by, at))
    except _TakenBack as taken_back:
        return taken_back.found


def prove_new(*, client: str, by: Who, at: datetime) -> Compared:
    """Prove a client who was opened in this transaction: all that is found is new.

    Raises SaidContradicts when that is a conflict, ClientUnknown.
    """
    found = compare(None, said.proof_of(house=by.house, client=client, at=at))
    if found.conflicts:
        raise SaidContradicts(found)
    return found


def _changed(client: str, change: Callable[[], object], by: Who, at: datetime) -> Compared:
    account(client, by=by)  # nobody else changes him between the two looks
    before = said.proof_of(house=by.house, client=client, at=at)
    change()
    return compare(before, said.proof_of(house=by.house, client=client, at=at))
