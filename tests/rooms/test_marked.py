# SPDX-License-Identifier: AGPL-3.0-or-later
"""The text of an instruction on a page is, letter for letter, what a template says of its blocks, and never markup of
who typed it."""

from html.parser import HTMLParser

import pytest
from django.template import Context, Template, engines
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from permanence.foundation.templatetags.marked import marked
from permanence.reception import markup

ORACLE = """{% for block in blocks %}{% if block.kind == "list" %}<ul>{% for line in block.lines %}<li>\
{% for piece in line %}{% if piece.bold %}<strong>{{ piece.text }}</strong>{% else %}{{ piece.text }}{% endif %}\
{% endfor %}</li>{% endfor %}</ul>{% else %}<p>{% for line in block.lines %}{% if not forloop.first %}<br>{% endif %}\
{% for piece in line %}{% if piece.bold %}<strong>{{ piece.text }}</strong>{% else %}{{ piece.text }}{% endif %}\
{% endfor %}{% endfor %}</p>{% endif %}{% endfor %}"""
PIECES = st.sampled_from(
    [
        "**",
        "- ",
        "* ",
        "\n",
        "\n\n",
        "<b>",
        "</div>",
        "&amp;",
        "&",
        '"',
        "'",
        "<script>alert(1)</script>",
        "Bonjour",
        " ",
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=14).map("".join)


class Tags(HTMLParser):
    """The tags of a page, and its words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


@given(text=TEXTS)
def test_a_text_is_drawn_as_a_template_draws_its_blocks(text: str) -> None:
    blocks = markup.blocks(text)
    oracle: Template = engines["django"].engine.from_string(ORACLE)  # type: ignore[attr-defined]
    assert marked(blocks) == f'<div class="marked">{oracle.render(Context({"blocks": blocks}))}</div>'


@given(text=TEXTS)
def test_nothing_that_was_typed_becomes_markup(text: str) -> None:
    page = Tags()
    page.feed(marked(markup.blocks(text)))
    page.close()
    assert page.tags <= {"div", "p", "br", "ul", "li", "strong"}
    said = "".join(piece.text for block in markup.blocks(text) for line in block.lines for piece in line)
    assert page.words == said


@pytest.mark.parametrize("blocks", [(), None, ""])
def test_where_nothing_is_to_be_shown_the_place_stays(blocks: tuple[()] | str | None) -> None:
    assert marked(blocks) == '<div class="marked"></div>'  # type: ignore[arg-type]
    assert render_to_string("design/marked.html", {"blocks": blocks}) == '<div class="marked"></div>'
