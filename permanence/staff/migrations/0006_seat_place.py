# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a secretary works."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('foundation', '0005_invitation'),
        ('staff', '0005_one_pool_gone'),
    ]

    operations = [
        migrations.CreateModel(
            name='SeatPlace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(max_length=200)),
                ('country', models.CharField(max_length=2)),
                ('since', models.DateTimeField()),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('secretary', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='staff.secretary')),
            ],
            options={
                'abstract': False,
            },
        ),
    ]
