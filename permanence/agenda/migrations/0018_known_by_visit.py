# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who came before visits were counted is known too."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def count_visits(apps: Apps, schema_editor: BaseDatabaseSchemaEditor | None) -> None:
    """Counts each appointment to which its patient came, the earliest first; again it changes nothing."""
    patients = apps.get_model("callers", "Patient").objects
    counted = apps.get_model("callers", "KeptVisit").objects
    came = apps.get_model("agenda", "Appointment").objects.filter(state__in=["arrived", "done"])
    into = dict(patients.exclude(merged_into=None).values_list("pk", "merged_into"))
    known = set(patients.filter(known=True).values_list("pk", flat=True))
    for visit in came.order_by("starts_at", "pk").iterator():
        person = visit.patient_id
        while person in into:
            person = into[person]
        said = {"house_id": visit.house_id, "patient_id": person, "made_known": person not in known}
        said["at"] = visit.state_at
        _, is_new = counted.get_or_create(client_id=visit.client_id, act=visit.key, defaults=said)
        if is_new and person not in known:
            patients.filter(pk=person).update(known=True)
            known.add(person)


class Migration(migrations.Migration):
    dependencies = [("agenda", "0017_follow_ups_that_end"), ("callers", "0003_kept_visits")]

    operations = [migrations.RunPython(count_visits, migrations.RunPython.noop)]
