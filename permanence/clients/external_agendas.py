# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts on the agendas that a client keeps elsewhere, each one transaction, noted and announced as `ClientChanged`."""

from datetime import datetime

from django.db import transaction

from permanence.clients.acts import account, changed
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


@transaction.atomic
def put_agenda(
    *, client: str, recipient: str, product: str, link: str, remark: str = "", by: Who, at: datetime
) -> None:
    """The agenda of that recipient ("": of all of them) is now so. Raises ClientUnknown, AgendaUnfit, LinkUnfit."""
    row = account(client, by=by)
    product, remark = product.strip(), remark.strip()
    for name, value, limit in (("product", product, PRODUCT_LIMIT), ("remark", remark, REMARK_LIMIT)):
        if len(value) > limit or (name == "product" and not value):
            raise AgendaUnfit(name)
    whose = _recipient(row.pk, recipient)
    rows = _of(row, whose)
    fields = {"product": product, "link": read_link(link).text, "remark": remark}
    if not rows.update(**fields):
        ExternalAgenda.objects.create(house_id=row.house_id, client=row, recipient_id=whose, **fields)
    changed(client=client, action="client.agenda_put", by=by, at=at, detail={"product": product})


@transaction.atomic
def remove_agenda(*, client: str, recipient: str, by: Who, at: datetime) -> None:
    """That recipient ("": all of them) has no agenda elsewhere any more. Raises ClientUnknown, AgendaUnknown."""
    row = account(client, by=by)
    if not _of(row, _recipient(row.pk, recipient)).delete()[0]:
        raise AgendaUnknown(recipient)
    changed(client=client, action="client.agenda_removed", by=by, at=at)


def _of(client: Client, whose: int | None) -> ClientQuerySet[ExternalAgenda]:
    rows = ExternalAgenda.objects.for_client(client)
    return rows.filter(recipient__isnull=True) if whose is None else rows.filter(recipient=whose)


def _recipient(client: int, recipient: str) -> int | None:
    if not recipient:
        return None
    if not Recipient.objects.for_client(client).filter(pk=row_key(recipient)).exists():
        raise AgendaUnfit("recipient")
    return int(recipient)
