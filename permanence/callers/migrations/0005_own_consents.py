# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who was parted from somebody may be written to by what was said of himself: another's consent stands in his file no
more.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def tell(apps: Apps, _schema: BaseDatabaseSchemaEditor | None) -> None:
    """As `merge_operations` tells them, for every file from which somebody was parted."""
    patients = apps.get_model("callers", "Patient").objects
    consents = apps.get_model("callers", "PatientConsent").objects
    parted = apps.get_model("callers", "PatientMerge").objects.filter(undone_at__isnull=False)
    for pk in parted.order_by().values_list("kept", flat=True).distinct():
        all_of_him = level = [pk]
        while level:
            level = list(patients.filter(merged_into__in=level).values_list("pk", flat=True))
            all_of_him = all_of_him + level
        own = {}
        for way in ("sms", "mail"):
            last = consents.filter(patient__in=all_of_him, way=way).order_by("-at", "-pk").first()
            own[f"{way}_agreed_at"] = last.at if last is not None and last.given else None
        patients.filter(pk=pk).update(**own)


class Migration(migrations.Migration):
    dependencies = (("callers", "0004_all_words"),)
    operations = (migrations.RunPython(tell, migrations.RunPython.noop, elidable=True),)
