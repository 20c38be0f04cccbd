# SPDX-License-Identifier: AGPL-3.0-or-later
"""The small markup of instructions: bold, lists, paragraphs; everything else, HTML first of all, stays words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.reception.markup import Block, Piece, blocks, words


def outline(text):
    """Each block as its kind and its lines, bold between underscores."""
    return [
        (
            block.kind,
            ["".join(f"_{piece.text}_" if piece.bold else piece.text for piece in line) for line in block.lines],
        )
        for block in blocks(text)
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", []),
        (" \n\n\t\n", []),
        ("Absente", [("paragraph", ["Absente"])]),
        ("un\ndeux\n\n\ntrois  \n", [("paragraph", ["un", "deux"]), ("paragraph", ["trois"])]),
        ("Dire :\n- un\n* deux\n• trois\nFin", [
            ("paragraph", ["Dire :"]), ("list", ["un", "deux", "trois"]), ("paragraph", ["Fin"])]),
        ("- un\n\n- deux", [("list", ["un"]), ("list", ["deux"])]),
        ("**Urgence** : le **15**", [("paragraph", ["_Urgence_ : le _15_"])]),
        ("- **Dr Klein** remplace", [("list", ["_Dr Klein_ remplace"])]),
        ("2 ** 3 ** 4", [("paragraph", ["2 ** 3 ** 4"])]),
        ("**pas fini", [("paragraph", ["**pas fini"])]),
        ("**a** b **c", [("paragraph", ["_a_ b **c"])]),
        ("**un\ndeux**", [("paragraph", ["**un", "deux**"])]),
        ("****", [("paragraph", ["****"])]),
        ("-5 degrés", [("paragraph", ["-5 degrés"])]),
        ("-", [("paragraph", ["-"])]),
        ("<b>gras</b> & <script>x</script>", [("paragraph", ["<b>gras</b> & <script>x</script>"])]),
        ("**<img onerror=x>**", [("paragraph", ["_<img onerror=x>_"])]),
        ("[lien](javascript:x) # titre _a_ `c`", [("paragraph", ["[lien](javascript:x) # titre _a_ `c`"])]),
        ("a\x00b\u202ec\u2066d\x1be", [("paragraph", ["abcde"])]),
        ("a\r\nb\u2028c", [("paragraph", ["a", "b", "c"])]),
    ],
)  # fmt: skip
def test_what_is_bold_a_list_a_paragraph(text, shown):
    assert outline(text) == shown


HOSTILE = st.text(st.sampled_from("ab*-• \n\r\t<>&\"'\x00\u202e\u2028{}%/"), max_size=60)


@given(HOSTILE)
def test_no_word_is_lost_and_nothing_is_empty(text):
    found = blocks(text)
    kept = "".join(piece.text for block in found for line in block.lines for piece in line)
    marks = set("*-• \n\r\t\x00\u202e\u2028")
    assert [letter for letter in kept if letter not in marks] == [letter for letter in text if letter not in marks]
    assert all(block.kind in {"paragraph", "list"} and block.lines for block in found)
    assert all(line and all(piece.text for piece in line) for block in found for line in block.lines)
    assert not set(kept) & set("\x00\u202e\u2028\n\r")


@given(HOSTILE)
def test_the_words_alone_are_one_line_without_marks(text):
    alone = words(text)
    assert "\n" not in alone
    assert alone == alone.strip()
    assert alone.replace(" ", "") == "".join(
        piece.text for block in blocks(text) for line in block.lines for piece in line
    ).replace(" ", "").replace("\t", "")


def test_many_open_marks_cost_no_more_than_their_length():
    assert sum(len(block.lines) for block in blocks("** " * 50_000)) == 1


def test_a_block_is_plain_data():
    assert blocks("**a** b")[0] == Block(kind="paragraph", lines=((Piece(text="a", bold=True), Piece(text=" b")),))
