# SPDX-License-Identifier: AGPL-3.0-or-later
"""One turn of the exchange: everything one input brings about, written to the journal before any of it is done.

While an input is worked on, events, states, media commands and messages are only collected. `commit` writes the
events and states, then lets the acts and messages go. (SIP messages wait in the endpoint's own output, which the
process sends after `commit`.) Answers to a person's command wait until the journal is on the disk.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, Self

from permanence.engine.exchange import messages
from permanence.engine.exchange.call import CARD_PREFIX, SIP_PREFIX, STATE_PREFIX, Call
from permanence.kernel.events import Event
from permanence.reception.events import ENGINE_EVENTS

_LOOKS = 2


class JournalPort(Protocol):
    """What the conductor needs of the journal."""

    position: int

    @property
    def states(self) -> dict[str, Any]:
        """The living states."""
        ...

    @property
    def accepting(self) -> bool:
        """Whether new calls may begin."""
        ...

    @property
    def synced(self) -> int:
        """The position up to which everything is on the disk."""
        ...

    def write(self, events: Iterable[bytes], states: Mapping[str, Any]) -> None:
        """Writes events (their JSON), then states (None removes one), as one record."""
        ...


class PagesPort(Protocol):
    """The open pages of the secretaries."""

    def send(self, page: str, message: dict[str, Any]) -> None:
        """Sends a message."""
        ...

    def send_all(self, pages: Iterable[str], message: dict[str, Any]) -> None:
        """Sends one message to many pages."""
        ...

    def close(self, page: str, code: int, why: str) -> None:
        """Says goodbye and closes."""
        ...


Tell = Callable[[Event], None]
"""Gets each event that is about to be written."""


@dataclass(slots=True)
class _Waiting:
    """An answer that waits for the disk. `looks`: how often `tell_waiting` found it waiting."""

    position: int
    page: str
    request: int
    looks: int = 0


class Turn:
    """Collects, then commits. One object serves every turn in its time; `with turn:` is one turn, which leaves nothing
    behind when what stands in it raises."""

    def __init__(self, journal: JournalPort, pages: PagesPort, export: Callable[[str], dict[str, Any] | None]) -> None:
        """`export` gives the SIP state of a session for the journal."""
        self._journal = journal
        self._pages = pages
        self._export = export
        self._events: list[Event] = []
        self._states: dict[str, Any] = {}
        self._touched: dict[str, Call] = {}
        self._acts: list[Callable[[], None]] = []
        self._replies: deque[_Waiting] = deque()
        self._new_replies: list[tuple[str, int]] = []
        self.tell: Tell | None = None

    def __enter__(self) -> Self:
        """A turn begins."""
        return self

    def __exit__(self, kind: type[BaseException] | None, _error: object, _traceback: object) -> None:
        """The turn is over: what it brought about is written and done, or, where it failed, forgotten."""
        if kind is None:
            self.commit()
        else:
            self.discard()

    def event(self, event: Event) -> None:
        """Something happened."""
        self._events.append(event)

    def state(self, name: str, value: Any) -> None:
        """A named state to be kept; None removes it."""
        self._states[name] = value

    def note(self, events: Iterable[Event], prefix: str, states: Mapping[str, Any]) -> None:
        """Several events, and named states whose names begin with `prefix`."""
        self._events += events
        for name, value in states.items():
            self._states[prefix + name] = value

    def touch(self, call: Call) -> None:
        """The call changed: it is written again."""
        self._touched[call.id] = call

    def forget(self, call: Call) -> None:
        """The call is over: nothing of it is needed for a take-over."""
        self._touched.pop(call.id, None)
        self._states[STATE_PREFIX + call.id] = None
        self._states[SIP_PREFIX + call.session] = None
        self._states[CARD_PREFIX + call.id] = None

    def act(self, act: Callable[[], None]) -> None:
        """Something to be done once all is written, in order."""
        self._acts.append(act)

    def send(self, page: str, message: dict[str, Any]) -> None:
        """A message to a page, in order with the acts; nothing when there is no page."""
        if page:
            self._acts.append(partial(self._pages.send, page, message))

    def broadcast(self, pages: Iterable[str], message: dict[str, Any]) -> None:
        """One message to many pages."""
        self._acts.append(partial(self._pages.send_all, tuple(pages), message))

    def send_now(self, page: str, message: dict[str, Any]) -> None:
        """A message outside a turn: an answer of media that changes nothing kept."""
        self._pages.send(page, message)

    def close(self, page: str, code: int, why: str) -> None:
        """A goodbye to a page."""
        if page:
            self._acts.append(lambda: self._pages.close(page, code, why))

    def reply(self, page: str, request: int | None) -> None:
        """The request is accepted: told once the journal is on the disk."""
        if request is not None:
            self._new_replies.append((page, request))

    def commit(self) -> None:
        """Writes, then acts."""
        events, states, touched, acts = self._events, self._states, self._touched, self._acts
        replies = self._new_replies
        if acts:
            self._acts = []
        if replies:  # taken now: where the writing fails, nothing was done that could be told
            self._new_replies = []
        if events or states or touched:
            self._events, self._states, self._touched = [], {}, {}
            if self.tell is not None:
                for event in events:
                    self.tell(event)
            for call in touched.values():
                states[STATE_PREFIX + call.id] = call.to_plain()
                states[SIP_PREFIX + call.session] = self._export(call.session)
            self._journal.write([ENGINE_EVENTS.encode(event) for event in events], states)
        for act in acts:
            act()
        if replies:
            position = self._journal.position
            for page, request in replies:
                self._replies.append(_Waiting(position, page, request))
        if self._replies:
            self.synced()

    def discard(self) -> None:
        """The input was refused: nothing of it happens."""
        self._events, self._states, self._touched, self._acts = [], {}, {}, []
        self._new_replies.clear()

    def synced(self) -> None:
        """More of the journal is on the disk: sends the answers that waited for it."""
        reached = self._journal.synced
        while self._replies and self._replies[0].position <= reached:
            waiting = self._replies.popleft()
            self._pages.send(waiting.page, messages.accepted(waiting.request))

    def tell_waiting(self) -> None:
        """Tells each page, once, whose answer has waited since the look before (call it once a second): what she did
        is done, but not safe yet. On a disk that works nobody waits so long."""
        for waiting in self._replies:
            waiting.looks += 1
            if waiting.looks == _LOOKS:
                self._pages.send(waiting.page, messages.not_safe(waiting.request))
