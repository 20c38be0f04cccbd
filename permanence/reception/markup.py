# SPDX-License-Identifier: AGPL-3.0-or-later
"""The small safe markup of instructions: **bold**, lines that begin with "- ", paragraphs. All else is words.

One reader for the telephone, the site and the console: it gives blocks of plain text, and whoever shows them sets each
text as text. So no HTML exists that would have to be cleaned, and what looks like HTML is shown as it was typed. A
library of Markdown would bring links, images and raw HTML to take away again, and a second one for the browser.
"""

from functools import lru_cache

from permanence.kernel.record import record

PARAGRAPH, LIST = "paragraph", "list"
ITEM_MARKS = ("- ", "* ", "• ", "– ")
BOLD = "**"
_NEVER_SHOWN = dict.fromkeys(
    (
        *(*range(0x09), *range(0x0E, 0x1C), 0x1F, *range(0x7F, 0x85), *range(0x86, 0xA0)),
        *(*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0xFEFF),
    )
)
"""Control characters, and those that turn the direction of what follows: an instruction reads as it was typed."""
REMEMBERED = 4096


@record
class Piece:
    """Words of one line, bold or not."""

    text: str
    bold: bool = False


@record
class Block:
    """A paragraph (its lines broken as they were typed) or a list (a line an item)."""

    kind: str
    lines: tuple[tuple[Piece, ...], ...]


@lru_cache(maxsize=REMEMBERED)
def blocks(text: str) -> tuple[Block, ...]:
    """What `text` shows, in its order. Never fails; the time grows with the length of the text."""
    found: list[Block] = []
    lines: list[tuple[Piece, ...]] = []
    kind = ""
    for raw in (*text.translate(_NEVER_SHOWN).splitlines(), ""):
        line = raw.strip()
        item = line[2:].strip() if line.startswith(ITEM_MARKS) else ""
        now = LIST if item else PARAGRAPH if line else ""
        if now != kind and lines:
            found.append(Block(kind=kind, lines=tuple(lines)))
            lines = []
        kind = now
        if line:
            lines.append(_pieces(item or line))
    return tuple(found)


def words(text: str) -> str:
    """The words alone, on one line: for a list, a title, a notification."""
    lines = ["".join([piece.text for piece in line]) for block in blocks(text) for line in block.lines]
    return " ".join(" ".join(lines).split())


def _pieces(line: str) -> tuple[Piece, ...]:
    """The line cut where bold begins and ends; marks that enclose nothing, or blanks, stay words."""
    parts = line.split(BOLD)
    found: list[Piece] = []
    plain = parts[0]
    at = 1
    while at < len(parts):
        inside = parts[at]
        if at + 1 < len(parts) and inside and inside == inside.strip():
            if plain:
                found.append(Piece(text=plain))
            found.append(Piece(text=inside, bold=True))
            plain = parts[at + 1]
            at += 2
        else:
            plain += BOLD + inside
            at += 1
    return (*found, Piece(text=plain)) if plain else tuple(found)
