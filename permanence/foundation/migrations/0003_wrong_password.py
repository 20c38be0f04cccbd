# SPDX-License-Identifier: AGPL-3.0-or-later
"""Wrong passwords are rows, so that every process counts the same."""


from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("foundation", "0002_audit_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="WrongPassword",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("username", models.CharField(max_length=320)),
                ("address", models.CharField(max_length=45)),
                ("at", models.DateTimeField(db_index=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["username", "at"], name="foundation_wrong_username"),
                    models.Index(fields=["address", "at"], name="foundation_wrong_address"),
                ],
            },
        ),
    ]
