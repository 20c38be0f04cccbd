# SPDX-License-Identifier: AGPL-3.0-or-later
"""Contacts as vCards (RFC 2426, 6350; what telephones write of version 2.1): name, function, numbers, note.

Written as version 3.0, which every address book reads. Of what others write, the rest (addresses, pictures, mails) is
passed over: the directory has no place for it.
"""

import binascii
import quopri
import re
from collections.abc import Iterable, Iterator
from typing import Any

from permanence.backstage.sheets import FileUnreadable
from permanence.clients.bulk_rules import EntryLine, Fault
from permanence.clients.directory_rules import MOST_NUMBERS, NumberFor
from permanence.clients.models import Contact
from permanence.countries.numbers import NotANumber, parse_number
from permanence.reception.table import ContactEntry

_GIVEN_TO = "X-PERMANENCE-NUMBER-FOR"
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_OCTETS = 75
_MOST_CARDS = 2000


def write_cards(contacts: Iterable[ContactEntry]) -> str:
    """The contacts, one card each."""
    return "".join(_folded(line) for contact in contacts for line in _card(contact))


def _card(contact: ContactEntry) -> Iterator[str]:
    yield "BEGIN:VCARD"
    yield "VERSION:3.0"
    yield f"FN:{_escaped(contact.name)}"
    yield f"N:{_escaped(contact.name)};;;;"
    if contact.function:
        yield f"TITLE:{_escaped(contact.function)}"
    for number in contact.numbers:
        yield f"TEL;TYPE=VOICE:{number}"
    if contact.may_say:
        yield f"NOTE:{_escaped(contact.may_say)}"
    yield f"{_GIVEN_TO}:{contact.number_for}"
    yield "END:VCARD"


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")
    return text.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _folded(line: str) -> str:
    """The line in pieces of at most 75 octets, each after the first behind a space."""
    pieces: list[str] = []
    piece = ""
    for character in line:
        if len((piece + character).encode()) > _OCTETS - (1 if pieces else 0):
            pieces.append(piece)
            piece = ""
        piece += character
    return "\r\n ".join([*pieces, piece]) + "\r\n"


def read_cards(text: str, *, client: str, country: str) -> tuple[tuple[EntryLine, ...], tuple[Fault, ...]]:
    """The contacts for the client of that name, and what is wrong with some; `country` spells their numbers.

    A line's number is that of the beginning of its card. Raises FileUnreadable: no_card, too_many_lines.
    """
    lines: list[EntryLine] = []
    faults: list[Fault] = []
    for number, card in _cards(text):
        if len(lines) + len(faults) >= _MOST_CARDS:
            raise FileUnreadable("too_many_lines", str(_MOST_CARDS))
        found = _contact(number, card, client, country)
        if isinstance(found, Fault):
            faults.append(found)
        else:
            lines.append(found)
    if not lines and not faults:
        raise FileUnreadable("no_card")
    return tuple(lines), tuple(faults)


type Property = tuple[str, str, str]
"""Name in capitals, parameters in capitals, value."""


def _cards(text: str) -> Iterator[tuple[int, list[Property]]]:
    card: list[Property] | None = None
    begun = 0
    for number, line in _unfolded(text):
        name, _, value = line.partition(":")
        head, _, parameters = name.strip().upper().partition(";")
        head = head.rpartition(".")[2]
        if head == "BEGIN" and value.strip().upper() == "VCARD":
            card, begun = [], number
        elif head == "END" and value.strip().upper() == "VCARD" and card is not None:
            yield begun, card
            card = None
        elif card is not None and value:
            card.append((head, parameters, value))


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """The logical lines and where each begins: one that begins with a blank goes on, so does quoted-printable "="."""
    begun, soft = 0, False
    parts: list[str] = []
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        if parts and (soft or line[:1] in {" ", "\t"}):
            parts.append(line if soft else line[1:])
        else:
            if parts:
                yield begun, "".join(parts)
            begun, parts = number, [line]
        soft = line.endswith("=") and "QUOTED-PRINTABLE" in parts[0].upper()
        if soft:
            parts[-1] = parts[-1][:-1]
    if parts:
        yield begun, "".join(parts)


def _contact(number: int, card: list[Property], client: str, country: str) -> EntryLine | Fault:
    values: dict[str, str] = {}
    numbers: list[str] = []
    for name, parameters, raw in card:
        value = _value(raw, parameters)
        if name == "TEL":
            try:
                numbers.append(str(parse_number(value.removeprefix("tel:").partition(";")[0], country=country)))
            except NotANumber:
                return Fault(line=number, column="numbers", code="not_a_number", value=value[:80])
        else:
            values.setdefault(name, value)
    shown = values.get("FN") or _name_of(values.get("N", "")) or values.get("ORG", "").strip("; ")
    fields: dict[str, object] = {
        "name": " ".join(shown.split()),
        "function": " ".join((values.get("TITLE") or values.get("ROLE") or "").split()),
        "numbers": list(dict.fromkeys(numbers)),
        "may_say": values.get("NOTE", "").strip(),
    }
    given = values.get(_GIVEN_TO, "").strip().lower()
    if given in set(NumberFor):
        fields["number_for"] = given
    if not fields["name"]:
        return Fault(line=number, column="name", code="needed")
    if len(set(numbers)) > MOST_NUMBERS:
        return Fault(line=number, column="numbers", code="too_many_numbers", value=str(fields["name"]))
    table: Any = Contact
    for column in ("name", "function", "may_say"):
        longest = table._meta.get_field(column).max_length
        if len(str(fields[column])) > longest:
            return Fault(line=number, column=column, code="too_long", value=str(fields[column])[:80])
    return EntryLine(line=number, client=client, fields=fields)


def _name_of(structured: str) -> str:
    family, given, *_rest = [*structured.split(";"), "", ""]
    return f"{given} {family}".strip()


def _value(raw: str, parameters: str) -> str:
    if "QUOTED-PRINTABLE" in parameters:
        try:
            raw = quopri.decodestring(raw.encode("utf-8")).decode("utf-8")
        except (UnicodeDecodeError, binascii.Error, ValueError):
            raw = ""
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], raw).replace("\x00", "")
