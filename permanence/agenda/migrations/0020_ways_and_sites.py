# SPDX-License-Identifier: AGPL-3.0-or-later

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agenda', '0019_confirmed_at'),
        ('clients', '0001_squashed_0015_read_first'),
    ]

    operations = [
        migrations.AddField(
            model_name='appointment',
            name='site',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='clients.site'),
        ),
        migrations.AddField(
            model_name='slothold',
            name='site',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='clients.site'),
        ),
        migrations.AddField(
            model_name='visitreason',
            name='video_link',
            field=models.CharField(blank=True, default='', max_length=200),
        ),
    ]
