# SPDX-License-Identifier: AGPL-3.0-or-later
"""The sessions that live, by id and by what names them in a message."""

from permanence.telephony.sip.session import Session


class SessionTable:
    """Two ways to find a session. One that is over is not in it: a message for it is answered 481."""

    def __init__(self) -> None:
        self._by_id: dict[str, Session] = {}
        self._by_key: dict[tuple[str, str], Session] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, session: Session) -> None:
        """Takes a session in."""
        self._by_id[session.id] = session
        self._by_key[session.key] = session

    def remove(self, session: Session) -> None:
        """Takes it out; nothing happens when it is not there."""
        self._by_id.pop(session.id, None)
        self._by_key.pop(session.key, None)

    def get(self, identity: str) -> Session | None:
        """By id."""
        return self._by_id.get(identity)

    def find(self, call_id: str, local_tag: str) -> Session | None:
        """By Call-ID and our tag."""
        return self._by_key.get((call_id, local_tag))

    def identities(self) -> tuple[str, ...]:
        """Every id."""
        return tuple(self._by_id)
