# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tests of the clients' forwardings, and those made each day."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Two new tables."""

    dependencies = [
        ('clients', '0005_forwarding'),
        ('foundation', '0004_standing_alarms'),
        ('switchboard', '0002_trunk_ways'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ForwardingCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clock', models.CharField(max_length=5)),
                ('next_at', models.DateTimeField()),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clients.line')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('line',), name='switchboard_check_once')],
            },
        ),
        migrations.CreateModel(
            name='ForwardingProof',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=16)),
                ('called', models.CharField(blank=True, default='', max_length=16)),
                ('way', models.CharField(max_length=8)),
                ('state', models.CharField(max_length=8)),
                ('daily', models.BooleanField(default=False)),
                ('asked_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(null=True)),
                ('ends_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('dial', models.CharField(blank=True, default='', max_length=40)),
                ('trunk', models.CharField(blank=True, default='', max_length=40)),
                ('caller', models.CharField(blank=True, default='', max_length=16)),
                ('answered', models.BooleanField(default=False)),
                ('why', models.CharField(blank=True, default='', max_length=20)),
                ('note', models.CharField(blank=True, default='', max_length=20)),
                ('detail', models.CharField(blank=True, default='', max_length=80)),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
            options={
                'indexes': [models.Index(fields=['house', 'number', '-asked_at'], name='switchboard_proof_of_line')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['due', 'running'])), fields=('house', 'number'), name='switchboard_proof_one_at_a_time'), models.UniqueConstraint(condition=models.Q(('dial', ''), _negated=True), fields=('dial',), name='switchboard_proof_dial_once')],
            },
        ),
    ]
