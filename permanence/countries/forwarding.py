# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keys that forward a line, by country, operator and kind of access: dated data, and the exact keys to dial.

Sources. Fixed lines: the supplementary service codes of ETSI (ETS 300 738; *21, *61, *67), as the fixed networks of
Europe took them over. Mobiles: 3GPP TS 22.030 section 6.5.2 and annex B, which every mobile network obeys; the seconds
of "no answer" are 5 to 30 in steps of 5 (3GPP TS 22.082). Few operators publish their own codes: a recipe that was not
read on a page of the operator's says so (`checked` False), and a house corrects it by a recipe of its own.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from permanence.countries.numbers import spell_number
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.refusals import Refusal


class Access(StrEnum):
    """What kind of line the client has."""

    FIXED = "fixed"
    MOBILE = "mobile"


class ForwardingKind(StrEnum):
    """When the operator forwards (CFU, CFB, CFNR, CFNRc)."""

    ALL = "all"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"


class ForwardingMode(StrEnum):
    """How a client's line comes to us. `direct`: his public number is a number of the house, nothing is forwarded."""

    ALL = "all"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    OVERFLOW = "overflow"
    HOURS = "hours"
    DIRECT = "direct"


SECONDS = (5, 10, 15, 20, 25, 30)
"""How long a mobile can ring before it is forwarded (3GPP TS 22.082)."""
USUAL_SECONDS = 20
"""The networks' own choice where nobody chose."""
STANDARD = ""
"""The operator of the recipes that hold where he has none of his own."""

_KINDS: dict[ForwardingMode, tuple[ForwardingKind, ...]] = {
    ForwardingMode.ALL: (ForwardingKind.ALL,),
    ForwardingMode.HOURS: (ForwardingKind.ALL,),
    ForwardingMode.BUSY: (ForwardingKind.BUSY,),
    ForwardingMode.NO_ANSWER: (ForwardingKind.NO_ANSWER, ForwardingKind.UNREACHABLE),
    ForwardingMode.OVERFLOW: (ForwardingKind.BUSY, ForwardingKind.NO_ANSWER, ForwardingKind.UNREACHABLE),
    ForwardingMode.DIRECT: (),
}


class RecipeMalformed(Refusal):
    """The keys are not those of a telephone: `*` or `#` first, then digits, `*`, `#`, `{number}` once, `{seconds}`."""

    code = "recipe_malformed"


class SecondsImpossible(Refusal):
    """The networks know 5, 10, 15, 20, 25 or 30 seconds."""

    code = "seconds_impossible"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardingRecipe:
    """The keys for one kind of forwarding at one operator. `{number}` and `{seconds}` are filled in.

    It holds from `valid_from` (included) to `valid_until` (excluded; None: still in force). `query` may be "", and so
    may `activate` for what that access does not know. `checked`: read on a page of the operator's or of the standard.
    """

    country: str
    operator: str
    access: Access
    kind: ForwardingKind
    activate: str
    deactivate: str
    query: str
    source: str
    checked: bool
    valid_from: date = date(1995, 1, 1)
    valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What to dial, exactly: to forward, to end it, to ask whether it holds ("" where the operator has none)."""

    kind: ForwardingKind
    activate: str
    deactivate: str
    query: str
    source: str
    checked: bool


OPERATORS: dict[str, tuple[tuple[str, str], ...]] = {
    "FR": (("orange", "Orange"), ("sfr", "SFR"), ("bouygues", "Bouygues Telecom"), ("free", "Free")),
    "LU": (("post", "POST"), ("proximus", "Proximus"), ("orange", "Orange"), ("lol", "Luxembourg Online")),
    "IE": (("eir", "eir"), ("vodafone", "Vodafone"), ("three", "Three"), ("virgin", "Virgin Media")),
}
"""The large operators of each country: short name and name."""

_ETSI = "ETSI ETS 300 738"
_3GPP = "3GPP TS 22.030"
_CODES = {
    ForwardingKind.ALL: "21",
    ForwardingKind.NO_ANSWER: "61",
    ForwardingKind.BUSY: "67",
    ForwardingKind.UNREACHABLE: "62",
}


def _fixed(
    kind: ForwardingKind, code: str, *, country: str = "", operator: str = STANDARD, source: str = _ETSI
) -> ForwardingRecipe:
    return ForwardingRecipe(
        country=country,
        operator=operator,
        access=Access.FIXED,
        kind=kind,
        activate=f"*{code}*{{number}}#",
        deactivate=f"#{code}#",
        query=f"*#{code}#",
        source=source,
        checked=operator == STANDARD,
    )


def _mobile(kind: ForwardingKind, code: str) -> ForwardingRecipe:
    timed = "**{seconds}" if kind is ForwardingKind.NO_ANSWER else ""
    return ForwardingRecipe(
        country="",
        operator=STANDARD,
        access=Access.MOBILE,
        kind=kind,
        activate=f"**{code}*{{number}}{timed}#",
        deactivate=f"##{code}#",
        query=f"*#{code}#",
        source=_3GPP,
        checked=True,
    )


RECIPES: tuple[ForwardingRecipe, ...] = (
    *(_fixed(kind, code) for kind, code in _CODES.items() if kind is not ForwardingKind.UNREACHABLE),
    *(_mobile(kind, code) for kind, code in _CODES.items()),
    # The old public network of France had its own code for busy; the boxes of Orange kept it.
    _fixed(ForwardingKind.BUSY, "69", country="FR", operator="orange", source="usage of the trade"),
)
"""The recipes of the house's makers. One without a country or operator holds for all that have none of their own."""

CANCEL_ALL = {Access.MOBILE: "##002#"}
"""Ends every forwarding at once, where there is such a code (3GPP TS 22.030)."""

_ACTIVATE = re.compile(r"[*#][0-9*#]*\{number\}[0-9*#]*(?:\{seconds\}[0-9*#]*)?\Z")
_PLAIN = re.compile(r"(?:[*#][0-9*#]{1,30})?\Z")
_LONGEST = 60


def check_recipe(*, activate: str, deactivate: str, query: str = "") -> None:
    """Whether a house may keep these keys. Raises RecipeMalformed.

    They begin with `*` or `#`, so that no recipe ever calls a number: not the client's neighbour, not the 112.
    """
    if len(activate) > _LONGEST or _ACTIVATE.match(activate) is None:
        raise RecipeMalformed(activate)
    for keys in (deactivate, query):
        if _PLAIN.match(keys) is None:
            raise RecipeMalformed(keys)


def kinds_of(mode: ForwardingMode) -> tuple[ForwardingKind, ...]:
    """The forwardings a mode is made of, in the order in which they are set; none for `direct`."""
    return _KINDS[mode]


def keys_to_dial(
    *,
    country: str,
    operator: str,
    access: Access,
    mode: ForwardingMode,
    number: PhoneNumber,
    on: date,
    seconds: int | None = None,
    own: Iterable[ForwardingRecipe] = (),
) -> tuple[Keys, ...]:
    """The keys that forward a client's line to `number`, one entry a kind of forwarding.

    `own`: the house's recipes, which go before ours. `seconds`: how long it rings at the client's first (None: as the
    network does). Raises SecondsImpossible.
    """
    if seconds is not None and seconds not in SECONDS:
        raise SecondsImpossible(str(seconds))
    known = tuple(own)
    filled = {"number": as_dialled(number, country=country, access=access), "seconds": str(seconds or USUAL_SECONDS)}
    found = (
        (kind, _recipe(kind, country=country.upper(), operator=operator, access=access, on=on, own=known))
        for kind in kinds_of(mode)
    )
    return tuple(
        Keys(
            kind=kind,
            activate=recipe.activate.format_map(filled),
            deactivate=recipe.deactivate,
            query=recipe.query,
            source=recipe.source,
            checked=recipe.checked,
        )
        for kind, recipe in found
        if recipe is not None
    )


def as_dialled(number: PhoneNumber, *, country: str, access: Access) -> str:
    """The digits in which a telephone of that country dials the number: a mobile knows the plus sign, a fixed one does
    not: there it is the national number at home, and 00 with the country for one abroad."""
    if access is Access.MOBILE:
        return number.e164
    spelt = re.sub(r"[^0-9+]", "", spell_number(number, country=country))
    return "00" + spelt[1:] if spelt.startswith("+") else spelt


def _recipe(
    kind: ForwardingKind,
    *,
    country: str,
    operator: str,
    access: Access,
    on: date,
    own: tuple[ForwardingRecipe, ...],
) -> ForwardingRecipe | None:
    """The recipe that fits best: the house's before ours, the operator's before the country's before everybody's."""
    places = ((country, operator), (country, STANDARD), ("", STANDARD))
    for recipes in (own, RECIPES):
        fit = [each for each in recipes if each.access is access and each.kind is kind and _holds(each, on)]
        for place in places:
            for each in fit:
                if (each.country, each.operator) == place:
                    return each
    return None


def _holds(recipe: ForwardingRecipe, on: date) -> bool:
    return recipe.valid_from <= on and (recipe.valid_until is None or on < recipe.valid_until)
