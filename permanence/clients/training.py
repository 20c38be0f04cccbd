# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is trained for which client, since when, who said so; and clients who want trained secretaries only."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from permanence.clients import acts
from permanence.clients.acts import account
from permanence.clients.models import Training
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.staff import queries as staff
from permanence.staff.operations import SecretaryUnknown

LONGEST_S = 600
"""Seconds for which a caller may be kept for some of the secretaries: after that anybody of the pool is better."""


class WaitUnfit(Refusal):
    """Callers wait 0 to 600 seconds for some of the secretaries."""

    code = "wait_unfit"


class TrainingInTheFuture(Refusal):
    """A training that is still to come makes nobody able today."""

    code = "training_in_the_future"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingView:
    """One secretary trained for one client."""

    client: str
    secretary: str
    trained_date: date
    by_name: str


def trainings(*, house: str, clients: tuple[str, ...]) -> tuple[TrainingView, ...]:
    """Who is trained for these clients. One query."""
    rows = Training.objects.for_house(house).filter(client__in=[int(each) for each in clients])
    return tuple(
        TrainingView(
            client=str(row.client_id),
            secretary=str(row.secretary_id),
            trained_date=row.trained_date,
            by_name=row.by.name if row.by else "",
        )
        for row in rows.select_related("by").order_by("pk")
    )


@transaction.atomic
def train(*, client: str, secretary: str, trained_date: date, by: Who, at: datetime) -> None:
    """She was trained for this client on that day; said again, the day is corrected.

    Raises ClientUnknown, staff's SecretaryUnknown, TrainingInTheFuture.
    """
    row = account(client, by=by)
    if secretary not in staff.secretary_names(house=by.house):
        raise SecretaryUnknown(secretary)
    if trained_date > at.date():
        raise TrainingInTheFuture(trained_date.isoformat())
    held = Training.objects.for_client(row).filter(secretary=int(secretary)).first()
    if held is not None and held.trained_date == trained_date:
        return
    held = held or Training(house_id=row.house_id, client=row, secretary_id=int(secretary))
    held.trained_date, held.by_id, held.noted_at = trained_date, by.person_key, at
    held.save()
    detail = {"secretary": secretary, "day": trained_date.isoformat()}
    acts.changed(client=client, action="client.secretary_trained", by=by, at=at, detail=detail)


@transaction.atomic
def untrain(*, client: str, secretary: str, by: Who, at: datetime) -> None:
    """She does not count as trained any more; nothing happens when she did not. Raises ClientUnknown."""
    row = account(client, by=by)
    key = row_key(secretary)
    if Training.objects.for_client(row).filter(secretary=key).delete()[0]:
        detail = {"secretary": secretary}
        acts.changed(client=client, action="client.secretary_untrained", by=by, at=at, detail=detail)


@transaction.atomic
def set_trained_only(*, client: str, seconds: int, by: Who, at: datetime) -> None:
    """For so many seconds of the wait only trained secretaries are offered his calls, then everybody; 0: everybody.

    Raises ClientUnknown, WaitUnfit.
    """
    row = account(client, by=by)
    if not 0 <= seconds <= LONGEST_S:
        raise WaitUnfit(str(seconds))
    if row.trained_only_s == seconds:
        return
    row.trained_only_s = seconds
    row.save(update_fields=["trained_only_s"])
    acts.changed(client=client, action="client.trained_only_set", by=by, at=at, detail={"seconds": seconds})
