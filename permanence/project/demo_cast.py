# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demonstration's persons, logins and numbers, without Django: the launcher and the sign-in page show them."""

from typing import NamedTuple

PASSWORD = "demo"  # noqa: S105 - documented, opens only the demonstration (foundation.authentication)

CLAIRE = "claire@permanence.example"
AOIFE = "aoife@permanence.example"
MARC = "marc@permanence.example"
WEBER = "weber@weber.example"
DUPONT = "dupont@dupont.example"
LEMAIRE = "lemaire@dupont.example"
ATLAS = "service@atlas.example"
ROTH = "roth@sos.example"

ATLAS_LINE = "+353209100101"
DUPONT_LINE = "+33199001234"
WEBER_LINE = "+35220000101"
SOS_LINE = "+35220000102"


class Login(NamedTuple):
    """One login of the demonstration."""

    who: str
    email: str
    password: str


DEMONSTRATION_LOGINS: tuple[Login, ...] = (
    Login("Claire, secretary (French, German)", CLAIRE, PASSWORD),
    Login("Aoife, secretary (English, French)", AOIFE, PASSWORD),
    Login("Marc, supervisor", MARC, PASSWORD),
    Login("Dr Weber", WEBER, PASSWORD),
    Login("Dr Dupont", DUPONT, PASSWORD),
    Login("Dr Lemaire", LEMAIRE, PASSWORD),
    Login("Atlas", ATLAS, PASSWORD),
    Login("Dr Roth, SOS Glacis (day and night)", ROTH, PASSWORD),
)

NUMBERS: tuple[tuple[str, str], ...] = (
    ("Atlas", ATLAS_LINE),
    ("SOS Glacis", SOS_LINE),
    ("Cabinet Dupont", DUPONT_LINE),
    ("Dr Weber", WEBER_LINE),
)
"""What a caller can dial, the two lines that are open at every moment first."""
