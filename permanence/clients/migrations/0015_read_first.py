# SPDX-License-Identifier: AGPL-3.0-or-later
"""A client's calls are first for those who have read what must be read, for so many seconds: at every client."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0014_absence_over'),
    ]

    operations = [
        migrations.AddField(
            model_name='client',
            name='read_first_s',
            field=models.PositiveSmallIntegerField(default=20, validators=[django.core.validators.MaxValueValidator(600)], verbose_name='seconds for those who have read what must be read'),
        ),
    ]
