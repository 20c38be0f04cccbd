# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is trained for a client."""

from django.db import models

from permanence.clients.models.account import Client
from permanence.foundation.tenancy import ClientQuerySet, HouseModel


class Training(HouseModel):
    """A secretary was trained for the client, on a day, as somebody noted."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    secretary = models.ForeignKey("staff.Secretary", on_delete=models.PROTECT, related_name="+")
    trained_date = models.DateField()
    by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    noted_at = models.DateTimeField()

    objects = ClientQuerySet["Training"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["client", "secretary"], name="clients_training_once"),)

    def __str__(self) -> str:
        return f"{self.secretary_id} for {self.client_id}"
