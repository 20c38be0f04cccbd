# SPDX-License-Identifier: AGPL-3.0-or-later
"""`{% load marked %}`: the text of an instruction, as `reception.markup` reads it, drawn for a page.

In Python because a client's page shows dozens of them. Every text is escaped: no markup comes from what was typed.
"""

from collections.abc import Iterable

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from permanence.reception.markup import LIST, Block, Piece

register = template.Library()


@register.simple_tag
def marked(blocks: Iterable[Block]) -> SafeString:
    """`{% marked each.blocks %}`: paragraphs, with their lines broken as they were typed, and lists."""
    parts = "".join(_list(each) if each.kind == LIST else _paragraph(each) for each in blocks or ())
    return mark_safe(f'<div class="marked">{parts}</div>')  # noqa: S308 - every text in it went through `escape`


def _list(block: Block) -> str:
    return f"<ul>{''.join(f'<li>{_line(each)}</li>' for each in block.lines)}</ul>"


def _paragraph(block: Block) -> str:
    return f"<p>{'<br>'.join(_line(each) for each in block.lines)}</p>"


def _line(pieces: Iterable[Piece]) -> str:
    return "".join(f"<strong>{escape(each.text)}</strong>" if each.bold else escape(each.text) for each in pieces)
