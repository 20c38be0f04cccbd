# SPDX-License-Identifier: AGPL-3.0-or-later
"""A change of the directory taken back: what was there is put back, if nobody has changed it since."""

from datetime import datetime
from typing import Any

from django.db import transaction

from permanence.clients import approvals
from permanence.clients.acts import account
from permanence.clients.directory_operations import EntryUnknown, put_site, remove_site
from permanence.clients.directory_rules import UNDO_FOR, mark_of
from permanence.clients.models import EntryChange
from permanence.clients.rules.approvals import ProposalKind
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy
from permanence.reception.table import SiteEntry


@transaction.atomic
def undo(*, client: str, change: str, by: Who, at: datetime, entropy: Entropy) -> str:
    """Put back what stood there before that change; gives the id of the proposal that waits, "" when it is done.

    Raises ClientUnknown, EntryUnknown (no such change, or too long ago), EntryChanged, EntryTaken, DirectoryFull,
    TooManyWaiting.
    """
    row = account(client, by=by)
    rows = EntryChange.objects.for_client(row).filter(undone=False, at__gt=at - UNDO_FOR)
    held = rows.filter(pk=row_key(change)).first()
    if held is None:
        raise EntryUnknown(change)
    waits = _contact(held, client, by=by, at=at, entropy=entropy) if held.entry == "contact" else ""
    if held.entry == "site":
        _site(held, client, by=by, at=at)
    if not waits:
        rows.filter(pk=held.pk).update(undone=True)
        newest = EntryChange.objects.for_client(row).order_by("-pk").first()
        if newest is not None and newest.pk != held.pk:  # what took it back is no change of its own
            EntryChange.objects.filter(pk=newest.pk).update(undone=True)
    return waits


def _contact(held: Any, client: str, *, by: Who, at: datetime, entropy: Entropy) -> str:
    began_from = mark_of(held.after)
    if held.before is None:
        kind, body = ProposalKind.CONTACT_REMOVED, {"name": held.after["name"]}
    else:
        instead_of = held.after["name"] if held.after else ""
        kind, body = ProposalKind.CONTACT, {**held.before, "instead_of": instead_of, "position": held.position}
    body = {**body, "began_from": began_from}
    return approvals.submit(client=client, kind=kind, body=body, by=by, at=at, entropy=entropy)


def _site(held: Any, client: str, *, by: Who, at: datetime) -> None:
    began_from = mark_of(held.after)
    if held.before is None:
        remove_site(client=client, name=held.after["name"], began_from=began_from, by=by, at=at)
        return
    put_site(
        client=client,
        site=SiteEntry(**held.before),
        instead_of=held.after["name"] if held.after else "",
        began_from=began_from,
        position=held.position,
        by=by,
        at=at,
    )
