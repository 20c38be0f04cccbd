# SPDX-License-Identifier: AGPL-3.0-or-later
"""The walls between houses and between clients: the abstract row and the scoped querysets every room builds on.

A room's models inherit `HouseModel`; a row that belongs to a client adds
`client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")` and may use `ClientQuerySet`.
"""

from typing import Any, Self

from django.db import models


class HouseQuerySet[M: models.Model](models.QuerySet[M]):
    """A queryset of rows that carry their house."""

    def for_house(self, house: int | str | models.Model) -> Self:
        """Only the rows of one house: its primary key (int), its slug (str) or the row itself."""
        key: dict[str, Any] = {"house__slug": house} if isinstance(house, str) else {"house": house}
        return self.filter(**key)


class ClientQuerySet[M: models.Model](HouseQuerySet[M]):
    """A queryset of rows that carry their house and their client (a field named `client`)."""

    def for_client(self, client: int | str | models.Model) -> Self:
        """Only the rows of one client: its primary key (a decimal string is accepted) or the row itself."""
        key: Any = client if isinstance(client, models.Model) else int(client)
        return self.filter(client=key)


class HouseModel(models.Model):
    """A row that carries its house. A house that has rows cannot be deleted by accident."""

    house = models.ForeignKey("foundation.House", on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True
