# SPDX-License-Identifier: AGPL-3.0-or-later
"""The red flags of a call: heard, and what became of them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0005_shown_card'),
        ('clients', '0013_unanswered_words'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RedFlagNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('call', models.CharField(max_length=40)),
                ('flag', models.CharField(max_length=80)),
                ('label', models.CharField(max_length=600, verbose_name='red flag')),
                ('what', models.CharField(max_length=10)),
                ('cause', models.CharField(blank=True, default='', max_length=10)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
            options={
                'verbose_name': 'red flag',
                'verbose_name_plural': 'red flags',
            },
        ),
        migrations.AddConstraint(
            model_name='redflagnote',
            constraint=models.UniqueConstraint(fields=('house', 'call', 'flag', 'what'), name='calls_red_flag_once'),
        ),
        migrations.AddConstraint(
            model_name='redflagnote',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('what', 'dismissed'), models.Q(('cause', ''), _negated=True)), models.Q(models.Q(('what', 'dismissed'), _negated=True), ('cause', '')), _connector='OR'), name='calls_red_flag_dismissed_for_a_cause'),
        ),
    ]
