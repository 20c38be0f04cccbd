# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may come in through the interface: one row for each system that was given a token."""

from django.db import models

from permanence.foundation.tenancy import ClientQuerySet, HouseModel


class InterfaceToken(HouseModel):
    """A system of one client, and what it may do. `digest`: SHA-256 of the token, which is kept nowhere; `hint`: its
    first letters, by which a person tells it from another. `scopes`: values of `rules.interface.Scope`.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    system = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    scopes = models.JSONField(default=list)
    made_by_name = models.CharField(max_length=120)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by_name = models.CharField(max_length=120, blank=True, default="")

    objects = ClientQuerySet["InterfaceToken"].as_manager()

    class Meta:
        ordering = ("-made_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("made_at")), name="agenda_interfacetoken_lasts"
            ),
        )

    def __str__(self) -> str:
        return f"{self.system} ({self.hint})"
