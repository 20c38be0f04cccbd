# SPDX-License-Identifier: AGPL-3.0-or-later
"""A checked file waits for the word of the person who brought it: one a person, a day at most."""

from datetime import datetime, timedelta

from django.db import transaction

from permanence.clients.models import ImportDraft
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal

KEPT_FOR = timedelta(days=1)


class DraftGone(Refusal):
    """This person has no file waiting: it was imported, another was brought, or the day is over."""

    code = "draft_gone"


@transaction.atomic
def keep_draft(*, kind: str, body: str, client: int | None = None, by: Who, at: datetime) -> None:
    """Keep a file that was checked, in place of the last one of this person; those of yesterday go."""
    ImportDraft.objects.for_house(by.house_key).filter(made_at__lt=at - KEPT_FOR).delete()
    drop_draft(by=by)
    ImportDraft.objects.create(
        house_id=by.house_key, person_id=int(by.person), kind=kind, body=body, client_id=client, made_at=at
    )


def drop_draft(*, by: Who) -> None:
    """The person's file waits no longer."""
    ImportDraft.objects.for_house(by.house_key).filter(person=by.person_key).delete()


def waiting_draft(*, by: Who, at: datetime) -> tuple[str, str, int | None]:
    """Kind, text and client of the person's file. Raises DraftGone."""
    rows = ImportDraft.objects.for_house(by.house_key).filter(person=by.person_key, made_at__gte=at - KEPT_FOR)
    found = rows.values_list("kind", "body", "client_id").first()
    if found is None:
        raise DraftGone(by.person)
    return found
