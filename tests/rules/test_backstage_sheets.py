# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables and vCards as files: what is written is read back to the same, nothing is computed, accidents are named."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.backstage.fault_words import FILES
from permanence.backstage.sheets import MOST_BYTES, FileUnreadable, decoded, guarded, read_sheet, unguarded, write_sheet
from permanence.backstage.vcards import read_cards, write_cards
from permanence.clients.bulk_rules import Fault
from permanence.reception.table import ContactEntry

COLUMNS = ("name", "place", "notes")
nasty = st.text(
    st.sampled_from("=+-@|%'\"\t\r\n,; aé＝ß\u00a0\\:") | st.characters(exclude_categories=("Cs", "Cc")), max_size=12
)
cells = nasty.map(str.strip)
rows = st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, cells)), max_size=6)
said = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from(",;\\:\n"), max_size=90)
word = said.map(lambda text: " ".join(text.split()))
numbers = st.lists(st.integers(10**7, 10**8 - 1).map(lambda n: f"+3522{n}"), max_size=3, unique=True).map(tuple)
contacts = st.builds(
    ContactEntry,
    name=word.filter(bool),
    function=word.map(lambda text: text[:80].strip()),
    numbers=numbers,
    number_for=st.sampled_from(["nobody", "professionals", "callers"]),
    may_say=said.map(str.strip),
)


def code_of(raw, **more):
    with pytest.raises(FileUnreadable) as refused:
        read_sheet(decoded(raw), **{"known": COLUMNS, "needed": ("name",), **more})
    return refused.value.code, refused.value.about


def read(text):
    return read_sheet(text, known=COLUMNS, needed=("name",))


@given(rows, st.sampled_from(["fr", "de", "en", "en-ie"]))
def test_what_is_written_is_read_back_to_the_same(table, language):
    text = decoded(write_sheet(COLUMNS, table, language=language).encode())
    found = [dict(line) for _number, line in read(text).lines]
    assert found == [row for row in table if any(row.values())]


@given(nasty)
def test_a_guard_is_taken_away_and_nothing_else(cell):
    assert unguarded(guarded(cell)) == cell


@given(rows, st.sampled_from(["fr", "en"]))
def test_no_cell_that_leaves_is_computed(table, language):
    text = write_sheet(COLUMNS, table, language=language).removeprefix("\ufeff")
    written = list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if language == "fr" else ","))
    assert [cell for row in written for cell in row if cell.lstrip(" \t\r\n")[:1] in {*"=+-@", "＝", "＋"}] == []


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_every_spreadsheets_own_way_is_read(delimiter, encoding, newline):
    text = newline.join([delimiter.join(("Name", " place ")), delimiter.join(("Dr Müller", "Esch")), "", ""])
    sheet = read(decoded(text.encode(encoding)))
    assert sheet.columns == ("name", "place")
    assert sheet.lines == ((2, {"name": "Dr Müller", "place": "Esch"}),)


def test_lines_are_counted_as_the_spreadsheet_counts_them():
    sheet = read('name;notes\n"a";"two\nlines"\n\nb;c\nd;e;f\n;;\n')
    assert [number for number, _line in sheet.lines] == [2, 4]
    assert sheet.faults == (Fault(line=5, code="too_many_cells", value="f"),)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", ("empty", "")),
        (b"\xef\xbb\xbf\r\n \r\n", ("empty", "")),
        (b"PK\x03\x04rest", ("workbook", "")),
        (b"%PDF-1.7", ("other_file", "")),
        (b"\x89PNG\r\n", ("other_file", "")),
        (b"name;place\nDr Mu\xfcller;Esch\n", ("encoding", "2")),
        (b"name;place\na;b\x00c\n", ("binary", "")),
        (b"name;street\na;b\n", ("column_unknown", "street")),
        (b"name;name\na;b\n", ("column_twice", "name")),
        (b"place\nb\n", ("column_missing", "name")),
        (b'name;place\na;"b\n', ("quotes", "2")),
        (b"x" * (MOST_BYTES + 1), ("too_large", "")),
        (b"name\n" + b"a" * 200_000, ("quotes", "2")),
    ],
)
def test_a_file_that_is_no_such_table_is_named(raw, code):
    assert code_of(raw) == code


@given(st.binary(max_size=200))
def test_no_bytes_bring_it_down(raw):
    codes = set()
    for reads in (read, lambda text: read_cards(text, client="A", country="LU")):
        try:
            reads(decoded(raw))
        except FileUnreadable as refused:
            codes.add(refused.code)
    assert codes <= set(FILES)


@given(st.lists(contacts, min_size=1, max_size=4))
def test_a_directory_comes_back_from_its_cards(directory):
    lines, faults = read_cards(decoded(write_cards(directory).encode()), client="Dr Weber", country="LU")
    assert faults == ()
    assert [line.client for line in lines] == ["Dr Weber"] * len(directory)
    assert [
        (
            line.fields["name"],
            line.fields["function"],
            tuple(line.fields["numbers"]),
            line.fields["number_for"],
            line.fields["may_say"],
        )
        for line in lines
    ] == [(one.name, one.function, one.numbers, one.number_for, one.may_say) for one in directory]


@given(contacts)
def test_no_line_of_a_card_is_longer_than_the_standard_says(contact):
    assert all(len(line.encode()) <= 75 for line in write_cards([contact]).split("\r\n"))


TELEPHONE = """BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;Eva;;;
TEL;CELL;PREF:621 000 158
ADR;HOME:;;1 rue
item1.TEL;TYPE=WORK;VALUE=uri:tel:+33-1-99-00-00-11;ext=2
NOTE;ENCODING=QUOTED-PRINTABLE:erst =
nach 14 Uhr
PHOTO;BASE64:AAAA
END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:Garage
 Roth\\, Esch
TEL:nine
END:VCARD
"""


def test_what_telephones_write_is_understood():
    lines, faults = read_cards(TELEPHONE, client="Dr Weber", country="LU")
    (eva,) = lines
    assert eva.fields == {
        "name": "Eva Müller",
        "function": "",
        "numbers": ["+352621000158", "+33199000011"],
        "may_say": "erst nach 14 Uhr",
    }
    assert faults == (Fault(line=11, column="numbers", code="not_a_number", value="nine"),)


def test_a_file_without_a_card_is_named():
    with pytest.raises(FileUnreadable) as refused:
        read_cards("name;place\n", client="A", country="LU")
    assert refused.value.code == "no_card"
