# SPDX-License-Identifier: AGPL-3.0-or-later
"""The language of the scripts: what is asked in a call, in what order, and what follows from the answers.

A script is a JSON object. Its questions are asked from the first to the last; one with `when` only if earlier answers
say so; `then` leads on to a later question or to "end". When no question is left the first route that fits says what
becomes of the call. Red flags are heard at every moment. `read_script` makes the object a `Script` and names all that
does not fit; what fits but is not sound, `script_lint` finds. The same language is run by the console's `script.js`.
"""

import dataclasses
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

FORMAT = 1
"""The version of the language; a reader refuses a later one."""
SIZE_LIMIT = 32 * 1024
"""Bytes of a script as JSON."""
TEXT_LIMIT = 600
"""Characters of one text of a script, and of one answer."""
LIST_LIMIT = 120
"""Entries of one list of a script."""
END = "end"
"""Where `then` leads when nothing more is asked."""
YES, NO = "yes", "no"
OUTCOMES = ("message", "information", "wrong_number", "no_words")
"""How a call may end, as the console knows it."""
URGENCIES = ("information", "today", "urgent")


class QuestionKind(StrEnum):
    """What an answer is: `recipient` is one of the client's recipients, as they are when the call comes."""

    TEXT = "text"
    CHOICE = "choice"
    NUMBER = "number"
    YES_NO = "yes_no"
    DATE = "date"
    PHONE = "phone"
    RECIPIENT = "recipient"


class Act(StrEnum):
    """What becomes of a call. All but the last leave a message, which holds the answers."""

    MESSAGE = "message"
    APPOINTMENT = "appointment"
    TRANSFER = "transfer"
    TICKET = "ticket"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why something is no script, or not a sound one. `where` names the part, `what` the thing; `code` the sentence."""

    code: str
    where: str = ""
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """An earlier answer is `one_of` these (codes of choices, "yes", "no"), or lies in [`at_least`, `below`)."""

    question: str
    one_of: tuple[str, ...] = ()
    at_least: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer of a choice; `then` names the question that comes next, or "end"."""

    code: str
    label: str
    then: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`ask` is said to the caller, `label` stands in the message, `hint` is for the secretary alone.

    `fills` puts the answer into the message form: "name" or "number". `read_back`: it is said again to the caller.
    """

    id: str
    kind: str
    ask: str
    label: str
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    required: bool = False
    read_back: bool = False
    fills: str = ""
    when: tuple[Clause, ...] = ()
    then: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What follows when every clause of `when` holds. `recipient` is an id, `recipient_from` a recipient question.

    A transfer goes to `number`; `announced`: she tells who calls and why before she connects. `say` ends the call.
    """

    id: str
    act: str
    label: str
    when: tuple[Clause, ...] = ()
    recipient: str = ""
    recipient_from: str = ""
    urgency: str = "today"
    outcome: str = "message"
    number: str = ""
    announced: bool = True
    say: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Whom a red flag tells at once."""

    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedFlag:
    """Heard in what is written (`words`; a trailing * takes any ending) or in the answers (`when`), and what to say.

    `asks` are the questions that the doctor wants asked when it was heard and is not sure.
    """

    id: str
    label: str
    say: str
    words: tuple[str, ...] = ()
    when: tuple[Clause, ...] = ()
    asks: tuple[str, ...] = ()
    alert: Alert | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a sample call must come to: the route, the red flags, and the questions asked where they are given."""

    route: str
    red_flags: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A call as it might come. `heard` is what the secretary writes beside the answers."""

    name: str
    answers: dict[str, str]
    expect: Expected
    heard: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A whole script, in the language in which the caller is spoken to."""

    format: int
    title: str
    language: str
    questions: tuple[Question, ...]
    routes: tuple[Route, ...]
    red_flags: tuple[RedFlag, ...] = ()
    samples: tuple[Sample, ...] = field(default=())

    def question(self, key: str) -> Question | None:
        """The question of that id."""
        return next((each for each in self.questions if each.id == key), None)

    def route(self, key: str) -> Route | None:
        """The route of that id."""
        return next((each for each in self.routes if each.id == key), None)


def read_text(text: str | bytes) -> tuple[Script | None, tuple[Fault, ...]]:
    """The script that a JSON text says, or None and all that does not fit."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > SIZE_LIMIT:
        return None, (Fault(code="too_large", what=str(SIZE_LIMIT // 1024)),)
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return None, (Fault(code="not_json", where=str(error.lineno), what=str(error.colno)),)
    return read_script(data)


def read_as[T](kind: type[T], data: Any) -> tuple[T | None, tuple[Fault, ...]]:
    """A JSON value as a dataclass, read as strictly as a script; None and all that does not fit."""
    faults: list[Fault] = []
    found: T = _object(kind, data, "", faults)
    return (None, tuple(faults)) if faults else (found, ())


def read_script(data: Any) -> tuple[Script | None, tuple[Fault, ...]]:
    """The script behind a JSON value, or None and all that does not fit."""
    faults: list[Fault] = []
    script = _object(Script, data, "", faults)
    if not faults and script.format != FORMAT:
        faults.append(Fault(code="format_unknown", what=str(script.format)))
    return (None, tuple(faults)) if faults else (script, ())


def plain(value: Any) -> Any:
    """The script, or a part of it, as a JSON value: fields that say nothing are left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        found = {}
        for each in dataclasses.fields(value):
            part = getattr(value, each.name)
            if part != each.default:
                found[each.name] = plain(part)
        return found
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return value


def write_text(script: Script) -> str:
    """The script as JSON text; `read_text` gives the same script back."""
    return orjson.dumps(plain(script), option=orjson.OPT_INDENT_2).decode()


def steering(script: Script) -> frozenset[str]:
    """The questions whose answers decide about others, or where the call goes."""
    whens: Iterable[tuple[Clause, ...]] = (
        *(each.when for each in script.questions),
        *(each.when for each in script.routes),
    )
    jumping = {each.id for each in script.questions if any(choice.then for choice in each.choices)}
    return frozenset({clause.question for when in whens for clause in when} | jumping)


def _object(kind: type[Any], data: Any, where: str, faults: list[Fault]) -> Any:
    """`data` as the dataclass `kind`; every key it does not know and every value that does not fit is a fault."""
    if not isinstance(data, dict):
        faults.append(Fault(code="not_object", where=where))
        return None
    here = _named(where, data)
    hints = _hints(kind)
    faults += [Fault(code="unknown_field", where=here, what=str(key)[:80]) for key in data if key not in hints]
    values: dict[str, Any] = {}
    for each in dataclasses.fields(kind):
        if each.name in data:
            values[each.name] = _value(hints[each.name], data[each.name], (here, each.name), faults)
        elif each.default is dataclasses.MISSING:
            faults.append(Fault(code="field_missing", where=here, what=each.name))
    return None if faults else kind(**values)


def _value(hint: Any, data: Any, place: tuple[str, str], faults: list[Fault]) -> Any:
    here, name = place
    origin = typing.get_origin(hint)
    if origin is types.UnionType:
        return None if data is None else _value(typing.get_args(hint)[0], data, place, faults)
    if origin is tuple:
        return _list(typing.get_args(hint)[0], data, place, faults)
    if origin is dict:
        if isinstance(data, Mapping) and all(_fits(str, each) for pair in data.items() for each in pair):
            return dict(data)
    elif dataclasses.is_dataclass(hint):
        return _object(typing.cast("type[Any]", hint), data, here, faults)
    elif _fits(hint, data):
        return float(data) if hint is float else data
    code = "too_long" if isinstance(data, str) and hint is str else "wrong_type"
    faults.append(Fault(code=code, where=here, what=name))
    return None


def _list(hint: Any, data: Any, place: tuple[str, str], faults: list[Fault]) -> Any:
    here, name = place
    if not isinstance(data, list) or len(data) > LIST_LIMIT:
        faults.append(Fault(code="wrong_type" if not isinstance(data, list) else "too_long", where=here, what=name))
        return None
    if dataclasses.is_dataclass(hint):
        return tuple(_object(typing.cast("type[Any]", hint), each, here or name, faults) for each in data)
    return tuple(_value(hint, each, place, faults) for each in data)


def _fits(hint: Any, data: Any) -> bool:
    if hint is str:
        return isinstance(data, str) and len(data) <= TEXT_LIMIT
    if hint is float:
        return isinstance(data, int | float) and not isinstance(data, bool) and abs(data) < 1e6
    return type(data) is hint


def _named(where: str, data: Mapping[str, Any]) -> str:
    """What a fault calls this part: its own id or name where it has one, else the part it stands in."""
    own = data.get("id") or data.get("name") or data.get("code")
    return own[:80] if isinstance(own, str) else where


_HINTS: dict[type, dict[str, Any]] = {}


def _hints(kind: type) -> dict[str, Any]:
    if kind not in _HINTS:
        _HINTS[kind] = typing.get_type_hints(kind)
    return _HINTS[kind]
