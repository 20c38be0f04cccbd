# SPDX-License-Identifier: AGPL-3.0-or-later
"""Decisions of the common ground: the roles, which topics a person may hear, when a failed delivery is tried again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum


class Role(StrEnum):
    """Which doors open."""

    SECRETARY = "secretary"
    SUPERVISOR = "supervisor"
    OWNER = "owner"
    PORTAL_USER = "portal_user"


DEMONSTRATION_PASSWORD = "demo"  # noqa: S105 - documented, opens only the demonstration
"""The password of every login of the demonstration house."""

HOUSE_ROLES = frozenset({Role.SECRETARY, Role.SUPERVISOR, Role.OWNER})
"""Those who work in the house and may see what concerns all its clients."""


def may_hear(topic: str, *, house: str, roles: frozenset[Role], clients: frozenset[str]) -> bool:
    """Whether a person of `house` may hear `topic` (`house/<house>/...` or `client/<id>/...`).

    `clients` are the ids of the clients she may see: all of the house's for its staff, a portal user's own otherwise.
    """
    kind, _, rest = topic.partition("/")
    name, _, what = rest.partition("/")
    if not what:
        return False
    if kind == "house":
        return name == house and bool(roles & HOUSE_ROLES)
    return kind == "client" and name in clients


INVITATION_LASTS = timedelta(days=7)
"""How long the link of an invitation is good."""


class InvitationState(StrEnum):
    """Where an invitation stands. `pending`: its mail is on its way; `failed`: given up, the link never left."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ACCEPTED = "accepted"


def invitation_state(*, accepted: bool, revoked: bool, sent: bool, due: bool, expired: bool) -> InvitationState:
    """The one word for what the row holds, the last thing that happened first."""
    if accepted:
        return InvitationState.ACCEPTED
    if revoked:
        return InvitationState.REVOKED
    if expired:
        return InvitationState.EXPIRED
    if sent:
        return InvitationState.SENT
    return InvitationState.PENDING if due else InvitationState.FAILED


FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(minutes=10)


def retry_after(attempts: int) -> timedelta:
    """How long to wait before trying again after `attempts` failures: 1 s, doubled each time, at most ten minutes."""
    doublings: int = min(max(attempts, 1) - 1, 16)
    return min(FIRST_RETRY * (1 << doublings), LONGEST_RETRY)


WRONG_PASSWORDS_OF_AN_ACCOUNT = 5
WRONG_PASSWORDS_OF_AN_ADDRESS = 20
"""An address may be a whole practice behind one router: it is given more patience than an account."""
WRONG_PASSWORDS_COUNT_FOR = timedelta(minutes=15)
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=5)
"""Not longer: whoever types a stranger's user name again and again must not keep the stranger out for a day."""


def sign_in_allowed_at(wrong: Sequence[datetime], *, free: int) -> datetime | None:
    """From which moment another password may be tried after these `wrong` ones (in order); None: at once.

    `free` wrong passwords cost nothing; then 15 s from the last, doubled for each more, five minutes at most.
    """
    if len(wrong) < free:
        return None
    doublings = min(len(wrong) - free, 16)
    return wrong[-1] + min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
