# SPDX-License-Identifier: AGPL-3.0-or-later
"""A call at the desk: its stages as a table, and what the desk remembers of it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from permanence.reception.card import Card
from permanence.reception.deadlines import Due
from permanence.reception.events import Reason
from permanence.reception.moments import read, written

ANYBODY = "*"
"""Stands for the language of a call that every secretary can take, whatever she speaks."""


class Stage(StrEnum):
    """Where a call stands. `kept`: in conversation, but the secretary's line is lost. `closing`: nobody will answer."""

    WAITING = "waiting"
    OFFERED = "offered"
    TALKING = "talking"
    KEPT = "kept"
    CLOSING = "closing"


STAGES: dict[Stage, frozenset[Stage]] = {
    Stage.WAITING: frozenset({Stage.OFFERED, Stage.CLOSING}),
    Stage.OFFERED: frozenset({Stage.WAITING, Stage.TALKING, Stage.CLOSING}),
    Stage.TALKING: frozenset({Stage.KEPT, Stage.WAITING}),
    Stage.KEPT: frozenset({Stage.TALKING, Stage.WAITING}),
    Stage.CLOSING: frozenset(),
}
"""The stages that may follow each; a call may go away from any."""

TOGETHER = frozenset({Stage.TALKING, Stage.KEPT})
"""The stages in which a call is with its secretary."""


@dataclass(slots=True, kw_only=True)
class Call:
    """One call. `arrived`: the INVITE. `wait_from`: what the limits of this wait count from (`arrived`, or the moment
    a secretary was lost for good). `order`: the call's number at this desk, deciding between equal moments.
    `languages`: any of them will do, none means that everybody can answer. `music`: 200 was sent. `passed_by`: the
    secretary at whom it last rang in vain, and `passed_how` that ended. What follows `laid`
    says what the call waits for and until when (`Lists.aim`): worked out anew after a restart, not kept. `readers`: who
    has read what must be read, None while that does not matter; `among`: the only ones who may be offered the call
    now, None for all under its labels; `read_only`: it is their having read that sets them apart."""

    call: str
    client: str | None
    order: int
    arrived: datetime
    wait_from: datetime
    languages: tuple[str, ...]
    language: str
    caller: str | None = None
    masked: bool = False
    display: str = ""
    called_line: str = ""
    trunk: str = ""
    stage: Stage = Stage.WAITING
    music: bool = False
    music_at: datetime | None = None
    place_at: datetime | None = None
    close_at: datetime | None = None
    offer: str = ""
    secretary: str = ""
    until: datetime | None = None
    why: tuple[Reason, ...] = ()
    card: Card | None = None
    passed_by: str = ""
    passed_how: str = ""
    laid: Due | None = field(default=None, compare=False)
    pools: tuple[str, ...] = ()
    trained_only: bool = False
    readers: frozenset[str] | None = None
    among: frozenset[str] | None = None
    read_only: bool = False
    labels: tuple[str, ...] = ()
    widen_at: datetime | None = None

    def move(self, stage: Stage) -> None:
        """To the next stage. Raises AssertionError for one that may not follow: a fault of the desk, never of input."""
        if stage not in STAGES[self.stage]:
            raise AssertionError(f"call {self.call}: {self.stage} cannot become {stage}")
        self.stage = stage

    @property
    def id(self) -> str:
        """Which call."""
        return self.call

    def due(self) -> Due | None:
        """What is due next. While a console rings, music and closing words wait for the end of that offer."""
        place = self.place_at
        if self.stage is Stage.OFFERED:
            until = self.until
            if until is not None and (place is None or until <= place):
                return until, "offer"
            return None if place is None else (place, "place")
        if self.stage is not Stage.WAITING:
            return None
        music = None if self.music else self.music_at
        moments = ((music, "music"), (place, "place"), (self.close_at, "wait"), (self.widen_at, "widen"))
        return min(((moment, what) for moment, what in moments if moment is not None), default=None)

    def waited_ms(self, at: datetime) -> int:
        """Milliseconds of this wait, counted from the INVITE."""
        return max(int((at - self.wait_from).total_seconds() * 1000), 0)

    def plain(self) -> dict[str, Any]:
        """The call as a JSON object, moments in RFC 3339; the card is made again when it is needed."""
        arrived = written(self.arrived)
        return {
            "call": self.call,
            "client": self.client,
            "order": self.order,
            "language": self.language,
            "caller": self.caller,
            "masked": self.masked,
            "display": self.display,
            "called_line": self.called_line,
            "trunk": self.trunk,
            "music": self.music,
            "offer": self.offer,
            "secretary": self.secretary,
            "passed_by": self.passed_by,
            "passed_how": self.passed_how,
            "arrived": arrived,
            "wait_from": arrived if self.wait_from is self.arrived else written(self.wait_from),
            "music_at": None if self.music_at is None else written(self.music_at),
            "place_at": None if self.place_at is None else written(self.place_at),
            "close_at": None if self.close_at is None else written(self.close_at),
            "until": None if self.until is None else written(self.until),
            "languages": list(self.languages),
            "stage": str(self.stage),
        }

    @classmethod
    def read(cls, plain: dict[str, Any]) -> "Call":
        """The inverse of `plain`. Raises KeyError, ValueError or TypeError."""
        fields: dict[str, Any] = {name: plain[name] for name in _AS_THEY_ARE}
        fields |= {name: read(plain[name]) for name in _MOMENTS}
        fields |= {name: plain.get(name, "") for name in _NOT_ALWAYS}
        return cls(**fields, languages=tuple(plain["languages"]), stage=Stage(plain["stage"]))


_AS_THEY_ARE = (
    *("call", "client", "order", "language", "caller", "masked", "display", "called_line", "trunk"),
    *("music", "offer", "secretary"),
)
_NOT_ALWAYS = ("passed_by", "passed_how")
"""What an exchange of an earlier release did not keep."""
_MOMENTS = ("arrived", "wait_from", "music_at", "place_at", "close_at", "until")
