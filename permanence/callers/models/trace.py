# SPDX-License-Identifier: AGPL-3.0-or-later
"""What happened to the persons: appointments they did not keep, and two who turned out to be one."""

from django.db import models

from permanence.callers.models.patient import Patient
from permanence.callers.rules import requests
from permanence.foundation.tenancy import ClientQuerySet, HouseModel

ACT_LENGTH = 80


class NoShow(HouseModel):
    """An appointment the person did not keep. `act` names it ("agenda.appointment:12"): it counts once."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=ACT_LENGTH)
    at = models.DateTimeField()

    objects = ClientQuerySet["NoShow"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["client", "act"], name="callers_no_show_once"),)
        indexes = (models.Index(fields=["patient"], name="callers_no_show_patient"),)

    def __str__(self) -> str:
        return f"no-show of {self.patient_id}"


class KeptVisit(HouseModel):
    """An appointment to which the person came. `act` names it: it counts once. `made_known`: before it nobody had said
    that the practice knows him; if it is taken back, and there is no other, he is new again.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=ACT_LENGTH)
    made_known = models.BooleanField()
    at = models.DateTimeField()

    objects = ClientQuerySet["KeptVisit"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["client", "act"], name="callers_kept_visit_once"),)
        indexes = (models.Index(fields=["patient"], name="callers_kept_visit_patient"),)

    def __str__(self) -> str:
        return f"visit of {self.patient_id}"


class NoShowRule(HouseModel):
    """What a client wants done about appointments that were not kept: from how many on; None: never."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    warn_from = models.PositiveSmallIntegerField(null=True)
    block_online_from = models.PositiveSmallIntegerField(null=True)
    deposit_from = models.PositiveSmallIntegerField(null=True)
    deposit_note = models.CharField(max_length=200, blank=True, default="")

    objects = ClientQuerySet["NoShowRule"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["client"], name="callers_no_show_rule"),)

    def __str__(self) -> str:
        return f"rule of {self.client_id}"


class PatientRequest(HouseModel):
    """What a person asked for by law, until the practice, who decides it, has answered. The answer is kept in words."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12)
    asked_at = models.DateTimeField()
    noted_by_name = models.CharField(max_length=120)
    answered_at = models.DateTimeField(null=True)
    answered_by_name = models.CharField(max_length=120, blank=True, default="")
    answer = models.CharField(max_length=requests.ANSWER_LIMIT, blank=True, default="")

    objects = ClientQuerySet["PatientRequest"].as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in requests.RequestKind]), name="callers_request_kind"
            ),
            models.UniqueConstraint(
                fields=["patient", "kind"],
                condition=models.Q(answered_at__isnull=True),
                name="callers_request_once",
            ),
        )
        indexes = (models.Index(fields=["client", "answered_at"], name="callers_request_open"),)

    def __str__(self) -> str:
        return f"request of {self.patient_id}"


class PatientMerge(HouseModel):
    """Two were one: `merged` went into `kept`. What either held before is sealed in `sealed_before`, for the undoing.

    `taken` names the fields, numbers and links that came from `merged`.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    kept = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    merged = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    taken = models.JSONField(default=dict)
    sealed_before = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    by_name = models.CharField(max_length=120)
    undone_at = models.DateTimeField(null=True)

    objects = ClientQuerySet["PatientMerge"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["merged"], condition=models.Q(undone_at__isnull=True), name="callers_merge_once"
            ),
        )
        indexes = (models.Index(fields=["kept", "-at"], name="callers_merge_kept"),)

    def __str__(self) -> str:
        return f"merge {self.merged_id} into {self.kept_id}"
