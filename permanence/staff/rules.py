# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keys of a secretary's screen: the usual ones, and which others a person may choose instead.

A key is text: modifiers in the order Control, Alt, Shift, then the browser's name of the key ("Alt+p", "F2").
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from permanence.kernel.refusals import Refusal

STANDARD_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "forward": "F2",
        "end": "F9",
        "hold": "F4",
        "mute": "F7",
        "save": "Control+Enter",
        "break": "Alt+p",
        "script": "Alt+s",
        "agenda": "Alt+a",
        "appointment": "Alt+n",
        "caller": "Alt+k",
        "red_flag_false": "Shift+F2",
        "history": "Alt+h",
        "directory": "Alt+r",
        "sites": "Alt+i",
        "today": "Alt+j",
        "read": "Alt+l",
        "news": "Alt+c",
        "pane": "F6",
        "pane_back": "Shift+F6",
        "keys": "F1",
    }
)
"""Act -> key, until the person changes it."""
RESERVED_KEYS = (
    r"^(F5|F11|F12|(Shift\+)?Tab|(Shift\+)?Enter|Escape|Backspace|Delete|Arrow\w+|Home|End|PageUp|PageDown"
    r"|Control\+[acfjlnprtvwxyz0+-]|Control\+(Tab|F4|F5)|Control\+Shift\+[a-z]|Alt\+[def]"
    r"|Alt\+(F4|Tab|Home|Arrow\w+))$"
)
"""The browser's own, and those by which a page is walked through; written for Python and for the page alike."""
_CHORD = re.compile(r"(Control\+)?(Alt\+)?(Shift\+)?(?P<key>\S| |[A-Z][A-Za-z0-9]{1,19})")
_MODIFIERS = frozenset({"Control", "Alt", "Shift", "Meta", "AltGraph"})


class KeyUnknown(Refusal):
    """No act of this name has a key."""

    code = "key_unknown"


class KeyUnfit(Refusal):
    """A character alone belongs to the text fields (WCAG 2.1.4), other keys to the browser, or this is no key."""

    code = "key_unfit"


class KeyTaken(Refusal):
    """Two acts on one key."""

    code = "key_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChoice:
    """What a person changed: `chords` is act -> key, the other acts have their usual one. `numbers`: 1 to 9 pick."""

    chords: Mapping[str, str] = field(default_factory=dict)
    numbers: bool = True


def checked(choice: KeyChoice) -> KeyChoice:
    """The choice without what is as usual anyway. Raises KeyUnknown, KeyUnfit, KeyTaken."""
    for act, chord in choice.chords.items():
        if act not in STANDARD_KEYS:
            raise KeyUnknown(f"{act[:40]!r}")
        if chord != STANDARD_KEYS[act] and not _fits(chord):
            raise KeyUnfit(f"{chord[:40]!r} for {act}")
    users: dict[str, str] = {}
    for act, chord in {**STANDARD_KEYS, **choice.chords}.items():
        if chord in users:
            raise KeyTaken(f"{chord} for {users[chord]} and {act}")
        users[chord] = act
    changed = {act: chord for act, chord in choice.chords.items() if chord != STANDARD_KEYS[act]}
    return KeyChoice(chords=changed, numbers=choice.numbers)


def _fits(chord: str) -> bool:
    found = _CHORD.fullmatch(chord)
    if found is None or found["key"] in _MODIFIERS or re.search(RESERVED_KEYS, chord):
        return False
    return len(found["key"]) > 1 or chord.startswith(("Control+", "Alt+"))
