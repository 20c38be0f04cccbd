# SPDX-License-Identifier: AGPL-3.0-or-later
"""The person, how he is found, and how he is written to. Notes are sealed under the house's key: they are health data.

Names, numbers and dates stay searchable. Every index of the search begins with the client: nothing of one client is
ever found, or even read, for another of the same house.
"""

from django.db import models

from permanence.callers.rules import identity
from permanence.foundation.tenancy import ClientQuerySet, HouseModel

BIRTH_LENGTH = 10
KEY_LENGTH = 40


class Patient(HouseModel):
    """One person known to a client. `key` is the id made by the page that added him.

    `birth_date` is ISO, as far as it is known: "1961-03-14", "1961-03", "1961" or "". `known`: the practice has seen
    him before. `first_name` may hold several. `sms_agreed_at` and `mail_agreed_at`: since when he agrees to be written
    to, None where he does not; who noted it stands in `PatientConsent`. `no_shows` counts the rows of `NoShow`.
    `merged_into`: he was the same person as that one, who stands for both.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=KEY_LENGTH)
    birth_name = models.CharField(max_length=identity.NAME_LIMIT, blank=True, default="")
    used_name = models.CharField(max_length=identity.NAME_LIMIT, blank=True, default="")
    first_name = models.CharField(max_length=identity.NAME_LIMIT, blank=True, default="")
    birth_date = models.CharField(max_length=BIRTH_LENGTH, blank=True, default="")
    sex = models.CharField(max_length=1, blank=True, default="")
    mail = models.EmailField(blank=True, default="")
    language = models.CharField(max_length=2, blank=True, default="")
    address = models.CharField(max_length=identity.ADDRESS_LIMIT, blank=True, default="")
    identity_status = models.CharField(max_length=12, default=identity.IdentityStatus.PROVISIONAL.value)
    identity_document = models.CharField(max_length=20, blank=True, default="")
    identity_seen_at = models.DateTimeField(null=True)
    identity_seen_by = models.CharField(max_length=120, blank=True, default="")
    known = models.BooleanField(default=False)
    sms_agreed_at = models.DateTimeField(null=True)
    mail_agreed_at = models.DateTimeField(null=True)
    sealed_notes = models.TextField(blank=True, default="")
    no_shows = models.PositiveSmallIntegerField(default=0)
    is_deceased = models.BooleanField(default=False)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = ClientQuerySet["Patient"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["client", "key"], name="callers_patient_key"),
            models.CheckConstraint(
                condition=models.Q(identity_status__in=[each.value for each in identity.IdentityStatus]),
                name="callers_patient_status",
            ),
            models.CheckConstraint(
                condition=models.Q(identity_status=identity.IdentityStatus.PROVISIONAL.value)
                | models.Q(identity_seen_at__isnull=False),
                name="callers_patient_seen",
            ),
            models.CheckConstraint(
                condition=models.Q(sex__in=["", *(each.value for each in identity.Sex)]), name="callers_patient_sex"
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True) | ~models.Q(merged_into=models.F("id")),
                name="callers_patient_merged",
            ),
        )
        indexes = (
            models.Index(fields=["client", "birth_date"], name="callers_patient_birth"),
            models.Index(fields=["merged_into"], name="callers_patient_into"),
        )

    def __str__(self) -> str:
        return f"patient {self.key}"


class PatientNumber(HouseModel):
    """A number at which the person is reached, in E.164; several persons may share one. `label`: "work", "mother"."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=16)
    label = models.CharField(max_length=40, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)

    objects = ClientQuerySet["PatientNumber"].as_manager()

    class Meta:
        ordering = ("position", "id")
        constraints = (models.UniqueConstraint(fields=["patient", "number"], name="callers_number_once"),)
        indexes = (models.Index(fields=["client", "number"], name="callers_number"),)

    def __str__(self) -> str:
        return f"number of {self.patient_id}"


class NameWord(HouseModel):
    """One word of a name, as it is searched: by its letters, and by its sound. Made again at every change.

    Those of a person who was merged stand under the one he was merged into, so that his old name still finds him.
    `all_letters` and `all_sounds` are those of all his words, each between blanks: who is looked for by several words
    is known by the row of one.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    letters = models.CharField(max_length=identity.NAME_LIMIT)
    sound = models.CharField(max_length=identity.NAME_LIMIT)
    all_letters = models.TextField(default="")
    all_sounds = models.TextField(default="")
    is_family = models.BooleanField()

    objects = ClientQuerySet["NameWord"].as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["client", "letters", "patient"], name="callers_word_letters"),
            models.Index(fields=["client", "sound", "patient"], name="callers_word_sound"),
            models.Index(fields=["patient", "letters"], name="callers_word_patient"),
        )

    def __str__(self) -> str:
        return f"word of {self.patient_id}"


class PatientConsent(HouseModel):
    """What the person said about being written to: each time it was asked, never changed."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    way = models.CharField(max_length=4)
    given = models.BooleanField()
    at = models.DateTimeField()
    by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    by_name = models.CharField(max_length=120)

    objects = ClientQuerySet["PatientConsent"].as_manager()

    class Meta:
        indexes = (models.Index(fields=["patient", "way", "-at"], name="callers_consent_last"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(way__in=[each.value for each in identity.ContactWay]), name="callers_consent_way"
            ),
        )

    def __str__(self) -> str:
        return f"consent of {self.patient_id}"


class PatientLink(HouseModel):
    """Somebody who belongs to the person: another patient of the same client, or a name with a number.

    `kind` says what `other` (or who is called `name`) is to `patient`. `may_speak`: he may be spoken to about him.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=identity.NAME_LIMIT, blank=True, default="")
    number = models.CharField(max_length=16, blank=True, default="")
    kind = models.CharField(max_length=12)
    may_speak = models.BooleanField(default=False)

    objects = ClientQuerySet["PatientLink"].as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in identity.LinkKind]), name="callers_link_kind"
            ),
            models.CheckConstraint(
                condition=models.Q(other__isnull=False) | ~models.Q(name=""), name="callers_link_somebody"
            ),
            models.UniqueConstraint(fields=["patient", "other", "kind", "name"], name="callers_link_once"),
        )

    def __str__(self) -> str:
        return f"link of {self.patient_id}"
