# SPDX-License-Identifier: AGPL-3.0-or-later
"""`{% load marked %}`: the text of an instruction, as `reception.markup` reads it, drawn for a page.

In Python because a client's page shows dozens of them. Every text is escaped: no markup comes from what was typed.
"""

from collections.abc import Iterable

from django import template
from django.utils.html import format_html, format_html_join

from permanence.reception.markup import LIST, Block, Piece

register = template.Library()


@register.simple_tag
def marked(blocks: Iterable[Block]) -> str:
    """`{% marked each.blocks %}`: paragraphs, with their lines broken as they were typed, and lists."""
    drawn = ((_list(each) if each.kind == LIST else _paragraph(each),) for each in blocks or ())
    return format_html('<div class="marked">{}</div>', format_html_join("", "{}", drawn))


def _list(block: Block) -> str:
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((_line(each),) for each in block.lines)))


def _paragraph(block: Block) -> str:
    first, *more = block.lines
    return format_html("<p>{}{}</p>", _line(first), format_html_join("", "<br>{}", ((_line(each),) for each in more)))


def _line(pieces: Iterable[Piece]) -> str:
    return format_html_join("", "{}", ((_piece(each),) for each in pieces))


def _piece(piece: Piece) -> str:
    return format_html("<strong>{}</strong>", piece.text) if piece.bold else piece.text
