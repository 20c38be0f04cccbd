# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is known of a person: the words for it, and what a field may hold.

The words are those of the French identity rules (RNIV, "référentiel national d'identitovigilance"): an identity given
on the telephone is provisional; one that was compared with an official document is validated. The higher standings
("récupérée", "qualifiée") need the national teleservice, which no secretary on the telephone has: they do not exist
here. A national health number is never kept.
"""

import enum
import unicodedata

from permanence.kernel.refusals import Refusal

NAME_LIMIT = 100
"""Characters of one name."""
ADDRESS_LIMIT = 300
NOTES_LIMIT = 4000
MOST_NUMBERS = 6
"""Numbers of one person."""
MOST_LINKS = 20
"""Persons linked with one person."""


class IdentityStatus(enum.StrEnum):
    """How far the identity can be trusted."""

    PROVISIONAL = "provisional"
    VALIDATED = "validated"


class IdentityDocument(enum.StrEnum):
    """The official documents that validate an identity."""

    IDENTITY_CARD = "identity_card"
    PASSPORT = "passport"
    RESIDENCE_PERMIT = "residence_permit"
    FAMILY_RECORD = "family_record"


class Sex(enum.StrEnum):
    """As a document says it."""

    FEMALE = "f"
    MALE = "m"
    INDETERMINATE = "i"


class ContactWay(enum.StrEnum):
    """The ways of writing to a person, each with its own consent."""

    SMS = "sms"
    MAIL = "mail"


class LinkKind(enum.StrEnum):
    """What the linked person is to this one."""

    GUARDIAN = "guardian"
    PARENT = "parent"
    CHILD = "child"
    SPOUSE = "spouse"
    RELATIVE = "relative"
    CARER = "carer"


INVERSE: dict[LinkKind, LinkKind | None] = {
    LinkKind.GUARDIAN: None,
    LinkKind.PARENT: LinkKind.CHILD,
    LinkKind.CHILD: LinkKind.PARENT,
    LinkKind.SPOUSE: LinkKind.SPOUSE,
    LinkKind.RELATIVE: LinkKind.RELATIVE,
    LinkKind.CARER: None,
}
"""What this person is to the linked one, where that is another such tie."""


class NameMissing(Refusal):
    """Neither a birth name nor a used name is there."""

    code = "name_missing"


class FieldUnfit(Refusal):
    """A field holds something that cannot stand there; `why` is the name of the field."""

    code = "field_unfit"


class FieldTooLong(Refusal):
    """A field holds more characters than its limit; `why` is the name of the field."""

    code = "field_too_long"


def clean(text: str, *, field: str, limit: int, lines: bool = False) -> str:
    """One field as it is kept: composed (NFC), blanks joined, nothing around it; with `lines` its line breaks stay.

    Raises FieldTooLong, and FieldUnfit for characters nobody can see (controls, bidirectional marks, lone surrogates):
    a name that is drawn in another order than it is stored is the name of somebody else.
    """
    if len(text) > limit * 2:
        raise FieldTooLong(field)
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    if any(_unseen(each) and not (each.isspace() and (lines or each != "\n")) for each in text):
        raise FieldUnfit(field)
    parts = text.split("\n") if lines else [text]
    cleaned = "\n".join(" ".join(part.split()) for part in parts).strip()
    if len(cleaned) > limit:
        raise FieldTooLong(field)
    return cleaned


def _unseen(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean_name(text: str, *, field: str) -> str:
    """A name as it is kept. Raises FieldTooLong, FieldUnfit: a name is written with letters."""
    name = clean(text, field=field, limit=NAME_LIMIT)
    if name and (not any(each.isalpha() for each in name) or any(each.isdecimal() for each in name)):
        raise FieldUnfit(field)
    return name
