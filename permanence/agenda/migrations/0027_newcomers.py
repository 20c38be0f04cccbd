# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who booked without a secretary, is new, and looks like somebody whom the client has: a secretary compares them."""

from django.db import migrations, models
from django.db.models import Exists, F, OuterRef, Q


def compare_those_booked(apps, schema_editor):
    """Who was added by his own booking before this was noted, and shares birth date or number, and the first name, with
    another person of his client: the surest of those who look alike.
    """
    appointment, patient = apps.get_model("agenda", "Appointment"), apps.get_model("callers", "Patient")
    number, newcomer = apps.get_model("callers", "PatientNumber"), apps.get_model("agenda", "Newcomer")
    first_name = OuterRef("patient__first_name")
    same_birth = patient.objects.filter(
        client=OuterRef("client"),
        merged_into=None,
        first_name__iexact=first_name,
        birth_date=OuterRef("patient__birth_date"),
    )
    same_number = number.objects.filter(
        client=OuterRef("client"),
        patient__merged_into=None,
        patient__first_name__iexact=first_name,
        number__in=number.objects.filter(patient=OuterRef(OuterRef("patient"))).values("number"),
    )
    rows = appointment.objects.filter(
        Q(Exists(same_birth.exclude(birth_date="").exclude(pk=OuterRef("patient"))))
        | Q(Exists(same_number.exclude(patient=OuterRef("patient")))),
        door__in=["public", "api"],
        state__in=["booked", "confirmed"],
        patient__key=F("key"),
        patient__merged_into=None,
    ).exclude(patient__first_name="")
    newcomer.objects.bulk_create(
        (
            newcomer(
                house_id=each.house_id,
                client_id=each.client_id,
                agenda_id=each.agenda_id,
                patient_id=each.patient_id,
                appointment_id=each.pk,
                noted_at=each.booked_at,
            )
            for each in rows.only("house", "client", "agenda", "patient", "booked_at").iterator()
        ),
        batch_size=500,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("agenda", "0026_reasons_of_freed_times"),
        ("callers", "0004_all_words"),
        ("clients", "0018_planned_end"),
        ("foundation", "0001_squashed_0006_only_clients"),
    ]

    operations = [
        migrations.CreateModel(
            name="Newcomer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("noted_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("done_by_name", models.CharField(blank=True, default="", max_length=120)),
                ("agenda", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.agenda")),
                ("appointment", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="agenda.appointment")),
                ("client", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="clients.client")),
                ("house", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="foundation.house")),
                ("patient", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="callers.patient")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("appointment",), name="agenda_newcomer_once")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at__isnull", True)), fields=["house"], name="agenda_newcomer_open"
                    )
                ],
            },
        ),
        migrations.RunPython(compare_those_booked, migrations.RunPython.noop, elidable=True),
    ]
