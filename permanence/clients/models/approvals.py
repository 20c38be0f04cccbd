# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables: what was changed in the directory, changes that wait for a second person, the mails about them."""

from django.db import models

from permanence.clients.rules.approvals import ProposalKind, ProposalState
from permanence.foundation.tenancy import ClientQuerySet, HouseModel


class EntryChange(HouseModel):
    """A site or a contact was added, changed or removed: what stood there and what stands there (None: nothing)."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    entry = models.CharField(max_length=8, choices=(("site", "site"), ("contact", "contact")))
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    position = models.PositiveSmallIntegerField(default=0)
    person = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    person_name = models.CharField(max_length=120)
    at = models.DateTimeField()
    undone = models.BooleanField(default=False)

    objects = ClientQuerySet["EntryChange"].as_manager()

    class Meta:
        indexes = (models.Index(fields=["client", "at"], name="clients_entry_change_at"),)

    def __str__(self) -> str:
        return f"{self.entry} {self.pk}"


class Proposal(HouseModel):
    """A change of an urgent path that does not hold before another person approves it.

    `body`: what the operation of its kind is called with. `cause`: why it was refused, in words; the code of the
    refusal where it was overtaken. Only the decision is ever written later, once.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=[(each.value, each.value) for each in ProposalKind])
    body = models.JSONField()
    author = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    author_name = models.CharField(max_length=120)
    made_at = models.DateTimeField()
    lapses_at = models.DateTimeField()
    state = models.CharField(
        max_length=12,
        choices=[(each.value, each.value) for each in ProposalState],
        default=ProposalState.WAITING.value,
    )
    decided_by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    decided_by_name = models.CharField(max_length=120, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    cause = models.CharField(max_length=300, blank=True, default="")

    objects = ClientQuerySet["Proposal"].as_manager()

    class Meta:
        indexes = (models.Index(fields=["client", "state"], name="clients_proposal_waiting"),)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(state=ProposalState.APPROVED.value)
                | models.Q(author__isnull=True)
                | ~models.Q(author=models.F("decided_by")),
                name="clients_proposal_two_persons",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ProposalMail(HouseModel):
    """A mail that tells one person that a change waits: a due row, taken and sent by the post."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=40, unique=True)
    next_attempt_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True, default="")

    objects = ClientQuerySet["ProposalMail"].as_manager()

    class Meta:
        indexes = (models.Index(fields=["next_attempt_at"], name="clients_proposal_mail_due"),)
        constraints = (models.UniqueConstraint(fields=["proposal", "person"], name="clients_proposal_mail_once"),)

    def __str__(self) -> str:
        return self.key
