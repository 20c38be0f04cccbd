# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where each recipient of a client is used, so that who changes or leaves is found everywhere he stands."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from permanence.clients import queries
from permanence.clients import script_queries as scripts
from permanence.clients.queries import ClientFile, ClientView, PortalAccess, RecipientView
from permanence.clients.rules.script_run import fold
from permanence.reception import markup


class UseKind(StrEnum):
    """Where somebody stands. `contact`: an entry of the directory under the same name; nothing else ties it to him."""

    SCRIPT = "script"
    INSTRUCTION = "instruction"
    ABSENCE = "absence"
    URGENT = "urgent"
    EXTERNAL_AGENDA = "external_agenda"
    PORTAL_USER = "portal_user"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One place: its words, and the id of what stands there ("" where nothing has a page of its own).

    `starts` and `ends` of an absence, else None. `draft`: in a version of the script that is not published.
    """

    kind: UseKind
    words: str
    id: str = ""
    starts: datetime | None = None
    ends: datetime | None = None
    draft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A client and each of his recipients, those who are not active any more too, with the places where he stands."""

    client: ClientView
    recipients: tuple[tuple[RecipientView, tuple[Use, ...]], ...]


def where_used(*, house: str, client: str, at: datetime) -> Used:
    """Where each recipient of the client is used at `at` or will be. Raises ClientUnknown. Six queries."""
    file = queries.client_file(house=house, client=client, at=at)
    named = scripts.uses_of_recipients(house=house, client=client)
    readers = queries.portal_users(house=house, client=client)
    found = queries.recipients(house=house, client=client, active_only=False)
    return Used(
        client=file.view,
        recipients=tuple((each, _uses(each, file, named.get(each.id, ()), readers)) for each in found),
    )


def _uses(
    recipient: RecipientView, file: ClientFile, places: tuple[scripts.Place, ...], readers: tuple[PortalAccess, ...]
) -> tuple[Use, ...]:
    me, name = recipient.id, fold(recipient.name)
    return (
        *(Use(kind=UseKind.SCRIPT, words=each.text, draft=each.draft) for each in places),
        *(
            Use(kind=UseKind.INSTRUCTION, words=markup.words(each.text), id=each.id)
            for each in file.instructions
            if each.recipient == me
        ),
        *(
            Use(kind=kind, words=each.words, id=each.id, starts=each.starts, ends=each.ends)
            for each in file.absences
            for kind, who in ((UseKind.ABSENCE, each.recipient), (UseKind.URGENT, each.urgent_to))
            if who == me
        ),
        *(Use(kind=UseKind.EXTERNAL_AGENDA, words=each.product) for each in file.agendas if each.recipient == me),
        *(
            Use(kind=UseKind.PORTAL_USER, words=each.name, id=each.person)
            for each in readers
            if each.recipient is not None and each.recipient.id == me
        ),
        *(Use(kind=UseKind.CONTACT, words=each.name) for each in file.contacts if fold(each.name) == name),
    )
