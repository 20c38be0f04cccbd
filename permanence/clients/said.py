# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads: what will be said for a client, at a moment and over the months to come, and what is wrong with that."""

from datetime import datetime, timedelta
from itertools import chain

from permanence.clients import queries
from permanence.clients.queries import ClientFile, LineUnknown
from permanence.clients.rules.coverage import Said, said_at
from permanence.clients.rules.findings import Proof, prove
from permanence.reception.table import ClientSlice
from permanence.staff import queries as staff

SPAN = timedelta(days=365)
"""How far what is said is proved."""


def slice_of(file: ClientFile, *, house: str, version: int) -> ClientSlice:
    """The client as the telephone sees him."""
    view = file.view
    return ClientSlice(
        house=house,
        client=view.id,
        version=version,
        name=view.name,
        initials=view.initials,
        colour=view.colour,
        kind=view.kind,
        sector=view.sector,
        place=view.place,
        country=view.country,
        region=view.region,
        time_zone=view.time_zone,
        languages=view.languages,
        state=view.state,
        lines=file.lines,
        hours=file.hours,
        greetings=file.greetings,
        instructions=file.instructions,
        recipients=file.recipients,
        reasons=file.reasons,
        ring_before_music_s=file.ring_before_music_s,
        max_wait_s=file.max_wait_s,
        voice_message=file.voice_message,
        voice_message_consent=file.voice_message_consent,
        absences=file.absences,
        script=file.script,
        sites=file.sites,
        contacts=file.contacts,
        closing=file.closing,
        pool=view.pool,
        trained=file.trained,
        trained_only_s=file.trained_only_s,
        read_first_s=file.read_first_s,
        agendas=file.agendas,
    )


def client_at(*, house: str, client: str, at: datetime) -> ClientSlice:
    """The client as the telephone will see him from `at` on. Raises ClientUnknown. Two queries."""
    return slice_of(queries.client_file(house=house, client=client, at=at), house=house, version=0)


def what_is_said(*, house: str, client: str, line: str, at: datetime) -> Said:
    """What will be said on a line (E.164) of a client at a moment not in the past, and why. Two queries.

    `line` "" is the first one, or a line he is still to get. Raises ClientUnknown, LineUnknown.
    """
    entry = client_at(house=house, client=client, at=at)
    if line and line not in entry.lines:
        raise LineUnknown(line)
    return said_at(entry, line=line or next(iter(entry.lines), ""), at=at)


def proof_of(*, house: str, client: str, at: datetime) -> Proof:
    """What will be said for twelve months from `at` on, and what is wrong. Raises ClientUnknown. Three queries."""
    entry = client_at(house=house, client=client, at=at)
    return prove(entry, starts=at, until=at + SPAN, spoken=_spoken(house, client))


def _spoken(house: str, client: str) -> frozenset[str] | None:
    """The languages of the secretaries who answer for the client; None where the house has no secretary yet."""
    found = staff.secretaries(house=house)
    hers = [each.languages for each in found if each.clients is None or client in each.clients]
    return frozenset(chain.from_iterable(hers)) if found else None
