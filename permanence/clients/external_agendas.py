# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts on the agendas that a client keeps elsewhere, each one transaction, noted and announced as `ClientChanged`."""

from datetime import datetime

from django.db import transaction

from permanence.clients.acts import account, changed
from permanence.clients.agenda_queries import facts_of
from permanence.clients.directory_rules import mark_of
from permanence.clients.models import Client, ExternalAgenda, Recipient
from permanence.clients.rules.agenda_links import PRODUCT_LIMIT, REMARK_LIMIT, read_link
from permanence.foundation.keys import row_key
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal


class AgendaUnfit(Refusal):
    """The name is missing, a text is too long, or the recipient is not this client's; `why` is the field's name."""

    code = "agenda_unfit"


class AgendaUnknown(Refusal):
    """The client has no such agenda."""

    code = "agenda_unknown"


class AgendaTaken(Refusal):
    """Another agenda stands there for that recipient, or for all of them."""

    code = "agenda_taken"


class AgendaChanged(Refusal):
    """Somebody else has changed the agenda since the change began."""

    code = "agenda_changed"


@transaction.atomic
def put_agenda(
    *,
    client: str,
    recipient: str,
    product: str,
    link: str,
    remark: str = "",
    instead_of: str | None = None,
    began_from: str | None = None,
    by: Who,
    at: datetime,
) -> None:
    """The agenda of that recipient ("": of all of them) is now so.

    `instead_of`: the id of the one that it takes the place of, "" for one more, None for the one he has, if any.
    `began_from`: the mark of what stood there when the change began, None to write over whatever stands there.
    Raises ClientUnknown, AgendaUnfit, LinkUnfit, AgendaUnknown, AgendaTaken, AgendaChanged.
    """
    row = account(client, by=by)
    product, remark = product.strip(), remark.strip()
    for name, value, limit in (("product", product, PRODUCT_LIMIT), ("remark", remark, REMARK_LIMIT)):
        if len(value) > limit or (name == "product" and not value):
            raise AgendaUnfit(name)
    whose = _recipient(row.pk, recipient, receiving=True)
    fields = {"product": product, "link": read_link(link).text, "remark": remark}
    held = _held(row, whose, instead_of)
    _same(held, began_from)
    if held is None:
        ExternalAgenda.objects.create(house_id=row.house_id, client=row, recipient_id=whose, **fields)
    else:
        ExternalAgenda.objects.filter(pk=held.pk).update(recipient=whose, **fields)
    changed(client=client, action="client.agenda_put", by=by, at=at, detail={"product": product})


@transaction.atomic
def remove_agenda(*, client: str, recipient: str, began_from: str | None = None, by: Who, at: datetime) -> None:
    """That recipient ("": all of them) has no agenda elsewhere any more.

    `began_from` as for `put_agenda`. Raises ClientUnknown, AgendaUnfit, AgendaUnknown, AgendaChanged.
    """
    row = account(client, by=by)
    held = _of(row, _recipient(row.pk, recipient)).first()
    if held is None:
        raise AgendaUnknown(recipient)
    _same(held, began_from)
    held.delete()
    changed(client=client, action="client.agenda_removed", by=by, at=at)


def _held(client: Client, whose: int | None, instead_of: str | None) -> ExternalAgenda | None:
    """The row that is to be so. Raises AgendaUnknown, AgendaTaken."""
    standing = _of(client, whose).first()
    if instead_of is None:
        return standing
    held = ExternalAgenda.objects.for_client(client).filter(pk=row_key(instead_of)).first() if instead_of else None
    if instead_of and held is None:
        raise AgendaUnknown(instead_of[:20])
    if standing is not None and standing != held:
        raise AgendaTaken(standing.product)
    return held


def _same(held: ExternalAgenda | None, began_from: str | None) -> None:
    if began_from is not None and began_from != mark_of(None if held is None else facts_of(held)):
        raise AgendaChanged("" if held is None else held.product)


def _of(client: Client, whose: int | None) -> ClientQuerySet[ExternalAgenda]:
    rows = ExternalAgenda.objects.for_client(client)
    return rows.filter(recipient__isnull=True) if whose is None else rows.filter(recipient=whose)


def _recipient(client: int, recipient: str, *, receiving: bool = False) -> int | None:
    """The key of the recipient, who receives messages where that is asked; None for all. Raises AgendaUnfit."""
    if not recipient:
        return None
    rows = Recipient.objects.for_client(client).filter(pk=row_key(recipient))
    if not (rows.filter(active=True) if receiving else rows).exists():
        raise AgendaUnfit("recipient")
    return int(recipient)
