# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long an SMS is (3GPP TS 23.038 and 23.040): in which alphabet it travels, in how many parts, at which price.

One letter outside the alphabet of GSM makes the whole text UCS-2 and more than halves what fits into a part.
"""

from dataclasses import dataclass

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet in the order of its codes; 0x1B is the escape to the extension, no letter."""
EXTENSION = "\f^{}\\[~]|€"
"""Each takes two septets: the escape and its own code."""
GSM_ONE, GSM_EACH = 160, 153
"""Septets of a single SMS, and of each part of a longer one, whose header takes seven."""
UCS_ONE, UCS_EACH = 70, 67
"""The same in units of 16 bits; a letter beyond the first plane takes two."""
PLAIN = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "…": "...",
        "\u00a0": " ",
        "\u202f": " ",
        "\t": " ",
    }
)
_SEPTETS = {letter: 1 for letter in BASIC if letter != "\x1b"} | dict.fromkeys(EXTENSION, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """`encoding` is "gsm7" or "ucs2", `units` septets or 16-bit units, `parts` how many SMS are paid for."""

    encoding: str
    units: int
    parts: int


def plain(text: str) -> str:
    """The text with the signs of typography that would make it UCS-2 replaced; no letter of a name is touched."""
    return text.translate(PLAIN)


def measure(text: str) -> Length:
    """How long the text is. An empty one is one part, as networks bill it."""
    sizes = [_SEPTETS.get(letter) for letter in text]
    if None not in sizes:
        septets = [size for size in sizes if size is not None]
        return Length(encoding="gsm7", units=sum(septets), parts=_parts(septets, GSM_ONE, GSM_EACH))
    units = [2 if ord(letter) > 0xFFFF else 1 for letter in text]
    return Length(encoding="ucs2", units=sum(units), parts=_parts(units, UCS_ONE, UCS_EACH))


def _parts(sizes: list[int], one: int, each: int) -> int:
    """A letter of two units is never cut: it begins the next part where one unit is left."""
    if sum(sizes) <= one:
        return 1
    parts, filled = 1, 0
    for size in sizes:
        if filled + size > each:
            parts, filled = parts + 1, 0
        filled += size
    return parts
