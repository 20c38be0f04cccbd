# SPDX-License-Identifier: AGPL-3.0-or-later
"""The parts of a client's card that no version names, and by what each is known again when the card is shown again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CardParts:
    """The digest (`showing.digest_of`) of each part's text as the house keeps it; "" for a part with nothing in it.

    `form`: the choices of the message form; `sites`; `contacts`: the directory; `agendas`: those kept elsewhere.
    """

    form: str = ""
    sites: str = ""
    contacts: str = ""
    agendas: str = ""
