# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every word of a name knows all words of the person: filled in for the words that are there."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, StringAgg, Subquery, Value
from django.db.models.functions import Concat


def fill(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    """As `index` writes them."""
    words = apps.get_model("callers", "NameWord").objects
    same = words.filter(patient=OuterRef("patient")).order_by().values("patient")

    def together(column: str) -> Concat:
        said = same.annotate(together=StringAgg(column, Value(" "))).values("together")
        return Concat(Value(" "), Subquery(said), Value(" "), output_field=models.TextField())

    words.update(all_letters=together("letters"), all_sounds=together("sound"))


class Migration(migrations.Migration):
    dependencies = (("callers", "0003_kept_visits"),)
    operations = (
        migrations.AddField("nameword", "all_letters", models.TextField(default="")),
        migrations.AddField("nameword", "all_sounds", models.TextField(default="")),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    )
