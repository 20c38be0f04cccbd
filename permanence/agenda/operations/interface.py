# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tokens of systems: made by the owner, shown once, revoked at once. Each act is in the trail."""

import base64
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from permanence.agenda.models import InterfaceToken
from permanence.agenda.queries.interface import TokenView, token_view
from permanence.agenda.refusals import TokenUnfit, TokenUnknown
from permanence.agenda.rules.interface import (
    HINT_LENGTH,
    LONGEST_DAYS,
    PREFIX,
    SYSTEM_LIMIT,
    TOKEN_BYTES,
    Scope,
    digest_of,
)
from permanence.clients import queries as clients
from permanence.foundation import audit
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeToken:
    """A new token: `token` is what the system sends, given this once."""

    view: TokenView
    token: str


@transaction.atomic
def make_token(
    *, client: str, system: str, scopes: Collection[str], days: int, by: Who, at: datetime, entropy: Entropy
) -> MadeToken:
    """Let a system of a client in for so many days. Raises clients' ClientUnknown, TokenUnfit."""
    view = clients.client(house=by.house, client=client)
    name = " ".join("".join(each if each.isprintable() else " " for each in system).split())
    if not 0 < len(name) <= SYSTEM_LIMIT:
        raise TokenUnfit("system")
    if not scopes or not set(scopes) <= set(Scope):
        raise TokenUnfit("scopes")
    if not 0 < days <= LONGEST_DAYS:
        raise TokenUnfit("days")
    token = PREFIX + base64.urlsafe_b64encode(entropy.token(TOKEN_BYTES)).decode().rstrip("=")
    row = InterfaceToken.objects.create(
        house_id=by.house_key,
        client_id=int(view.id),
        system=name,
        digest=digest_of(token),
        hint=token[:HINT_LENGTH],
        scopes=sorted(scopes),
        made_by_name=by.name,
        made_at=at,
        expires_at=at + timedelta(days=days),
    )
    detail = {"system": name, "scopes": row.scopes, "days": days}
    _note("interface.token_made", row, by=by, at=at, detail=detail)
    return MadeToken(view=token_view(row, at=at), token=token)


@transaction.atomic
def revoke_token(*, client: str, token: str, by: Who, at: datetime) -> None:
    """It opens nothing any more, from now on; one that is revoked stays so. `token`: its id. Raises TokenUnknown."""
    rows = InterfaceToken.objects.for_house(by.house_key).for_client(row_key(client)).select_for_update(of=("self",))
    row = rows.filter(pk=row_key(token)).first()
    if row is None:
        raise TokenUnknown(token[:40])
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by_name = at, by.name
        row.save(update_fields=["revoked_at", "revoked_by_name"])
        _note("interface.token_revoked", row, by=by, at=at, detail={"system": row.system})


@transaction.atomic
def note_export(*, token: str, since: datetime, before: datetime, by: Who, at: datetime) -> None:
    """The trail says that a system takes its practice out, with what begins in [since, before). `token`: its id.

    Raises TokenUnknown.
    """
    row = InterfaceToken.objects.for_house(by.house_key).filter(pk=row_key(token)).first()
    if row is None or not by.may_see(str(row.client_id)):
        raise TokenUnknown(token[:40])
    detail: dict[str, object] = {"system": row.system, "since": since.isoformat(), "before": before.isoformat()}
    _note("interface.exported", row, by=by, at=at, detail=detail)


def _note(action: str, row: InterfaceToken, *, by: Who, at: datetime, detail: dict[str, object]) -> None:
    subject = f"agenda.interfacetoken:{row.pk}"
    audit.note(by=by, at=at, action=action, subject=subject, client=row.client_id, detail=detail)
