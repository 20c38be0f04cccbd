# SPDX-License-Identifier: AGPL-3.0-or-later
"""How many gaps and conflicts each client has."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """One table."""

    dependencies = [
        ('clients', '0013_unanswered_words'),
        ('foundation', '0001_initial'),
        ('switchboard', '0004_check_by_number'),
    ]

    operations = [
        migrations.CreateModel(
            name='CoverageCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.BigIntegerField()),
                ('day', models.DateField()),
                ('conflicts', models.PositiveIntegerField(null=True)),
                ('gaps', models.PositiveIntegerField(null=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('client',), name='switchboard_coverage_client')],
            },
        ),
    ]
