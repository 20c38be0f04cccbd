# SPDX-License-Identifier: AGPL-3.0-or-later
"""The life of one call as the exchange leads it: a table of states and triggers, with what has to be done as data.

The table knows nothing of SIP bytes, of sockets or of which prompt plays; `Effect` names a task and the exchange
carries it out. A trigger the table does not list for a state is *late* (a CANCEL crossing an answer, a key pressed
twice): `advance` answers with None, never with an error, and nothing changes.
"""

from dataclasses import dataclass
from enum import StrEnum


class CallState(StrEnum):
    """Where a call is."""

    ARRIVED = "arrived"  # the INVITE is here, nothing was answered yet
    RINGING = "ringing"  # 180: the caller hears his own network's ringing tone
    WAITING = "waiting"  # 200: the caller hears music and his place in the queue
    TALKING = "talking"
    HELD = "held"
    LINE_LOST = "line_lost"  # the secretary's line dropped during the call: music for the caller
    CLOSING = "closing"  # he hears the closing words
    VOICE_MESSAGE = "voice_message"  # he speaks after the tone
    ENDED = "ended"


class Trigger(StrEnum):
    """What happens to a call."""

    RING = "ring"
    PLAY_MUSIC = "play_music"
    ANSWER = "answer"
    HOLD = "hold"
    RESUME = "resume"
    LINE_LOST = "line_lost"
    LINE_BACK = "line_back"
    CLOSE = "close"
    SPEAK = "speak"
    REQUEUE = "requeue"
    CALLER_LEFT = "caller_left"
    END = "end"


class Effect(StrEnum):
    """What has to be done, in order."""

    SEND_RINGING = "send_ringing"
    SEND_ANSWER = "send_answer"  # 200 with our SDP; nothing when it was sent before
    OPEN_LEG = "open_leg"  # nothing when it is open
    MUSIC = "music"
    SILENCE = "silence"  # whatever plays to the caller stops
    PLUG = "plug"
    UNPLUG = "unplug"
    CLOSING_WORDS = "closing_words"
    RECORD = "record"
    STOP_RECORD = "stop_record"
    CLOSE_LEG = "close_leg"
    FINISH = "finish"  # BYE after 200, a final refusal before it


@dataclass(frozen=True, slots=True)
class Step:
    """Where a trigger leads and what it takes."""

    state: CallState
    effects: tuple[Effect, ...] = ()


_S, _T, _E = CallState, Trigger, Effect

_TABLE: dict[tuple[CallState, Trigger], Step] = {
    # The leg is opened with the first ring: a port that cannot be bound is known before it stands in our 200.
    (_S.ARRIVED, _T.RING): Step(_S.RINGING, (_E.OPEN_LEG, _E.SEND_RINGING)),
    (_S.ARRIVED, _T.CLOSE): Step(_S.CLOSING, (_E.OPEN_LEG, _E.SEND_ANSWER, _E.CLOSING_WORDS)),
    (_S.RINGING, _T.ANSWER): Step(_S.TALKING, (_E.SEND_ANSWER, _E.PLUG)),
    (_S.RINGING, _T.PLAY_MUSIC): Step(_S.WAITING, (_E.SEND_ANSWER, _E.MUSIC)),
    (_S.RINGING, _T.CLOSE): Step(_S.CLOSING, (_E.SEND_ANSWER, _E.CLOSING_WORDS)),
    (_S.WAITING, _T.ANSWER): Step(_S.TALKING, (_E.SILENCE, _E.PLUG)),
    (_S.WAITING, _T.CLOSE): Step(_S.CLOSING, (_E.CLOSING_WORDS,)),
    (_S.TALKING, _T.HOLD): Step(_S.HELD, (_E.UNPLUG, _E.MUSIC)),
    (_S.TALKING, _T.LINE_LOST): Step(_S.LINE_LOST, (_E.UNPLUG, _E.MUSIC)),
    (_S.TALKING, _T.REQUEUE): Step(_S.WAITING, (_E.UNPLUG, _E.MUSIC)),
    (_S.TALKING, _T.CLOSE): Step(_S.CLOSING, (_E.UNPLUG, _E.CLOSING_WORDS)),
    (_S.HELD, _T.RESUME): Step(_S.TALKING, (_E.SILENCE, _E.PLUG)),
    (_S.HELD, _T.REQUEUE): Step(_S.WAITING),
    # Another secretary answers a call whose own was lost for good.
    (_S.HELD, _T.ANSWER): Step(_S.TALKING, (_E.SILENCE, _E.PLUG)),
    (_S.LINE_LOST, _T.ANSWER): Step(_S.TALKING, (_E.SILENCE, _E.PLUG)),
    (_S.HELD, _T.CLOSE): Step(_S.CLOSING, (_E.CLOSING_WORDS,)),
    (_S.LINE_LOST, _T.LINE_BACK): Step(_S.TALKING, (_E.SILENCE, _E.PLUG)),
    (_S.LINE_LOST, _T.HOLD): Step(_S.HELD),
    (_S.LINE_LOST, _T.REQUEUE): Step(_S.WAITING),
    (_S.LINE_LOST, _T.CLOSE): Step(_S.CLOSING, (_E.CLOSING_WORDS,)),
    (_S.CLOSING, _T.SPEAK): Step(_S.VOICE_MESSAGE, (_E.RECORD,)),
}

_LEAVING: dict[CallState, tuple[Effect, ...]] = {
    _S.ARRIVED: (),
    _S.RINGING: (_E.CLOSE_LEG,),
    _S.WAITING: (_E.CLOSE_LEG,),
    _S.TALKING: (_E.UNPLUG, _E.CLOSE_LEG),
    _S.HELD: (_E.CLOSE_LEG,),
    _S.LINE_LOST: (_E.CLOSE_LEG,),
    _S.CLOSING: (_E.CLOSE_LEG,),
    _S.VOICE_MESSAGE: (_E.STOP_RECORD, _E.CLOSE_LEG),
}
for _state, _effects in _LEAVING.items():
    _TABLE[(_state, _T.CALLER_LEFT)] = Step(_S.ENDED, _effects)
    _TABLE[(_state, _T.END)] = Step(_S.ENDED, (*_effects, _E.FINISH))

TABLE = dict(_TABLE)
CONVERSATION_STATES = frozenset({_S.TALKING, _S.HELD, _S.LINE_LOST})


def advance(state: CallState, trigger: Trigger) -> Step | None:
    """Where `trigger` leads from `state`; None for a late trigger, which leads nowhere and asks for nothing."""
    return TABLE.get((state, trigger))


def accepts(state: CallState, trigger: Trigger) -> bool:
    """Whether the trigger means anything in that state."""
    return (state, trigger) in TABLE
