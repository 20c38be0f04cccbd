# SPDX-License-Identifier: AGPL-3.0-or-later
"""The parts of cards that no version names: each text of a client once."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0006_red_flags'),
        ('clients', '0014_absence_over'),
    ]

    operations = [
        migrations.CreateModel(
            name='CardPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.CharField(max_length=12)),
                ('digest', models.CharField(max_length=32)),
                ('text', models.TextField()),
                ('kept_at', models.DateTimeField()),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
        ),
        migrations.AddConstraint(
            model_name='cardpart',
            constraint=models.UniqueConstraint(fields=('client', 'part', 'digest'), name='calls_card_part_once'),
        ),
    ]
