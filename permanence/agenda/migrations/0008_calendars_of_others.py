# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calendars that clients keep in other products, when they make agendas busy, and what is written there."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agenda', '0007_waiting_list'),
        ('clients', '0013_unanswered_words'),
        ('foundation', '0006_only_clients'),
    ]

    operations = [
        migrations.CreateModel(
            name='OtherCalendar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=8)),
                ('label', models.CharField(max_length=60)),
                ('host', models.CharField(max_length=253)),
                ('access', models.TextField()),
                ('writes', models.BooleanField(default=False)),
                ('names', models.BooleanField(default=False)),
                ('made_by_name', models.CharField(max_length=120)),
                ('made_at', models.DateTimeField()),
                ('removed_at', models.DateTimeField(null=True)),
                ('next_at', models.DateTimeField()),
                ('turn', models.PositiveIntegerField(default=0)),
                ('looked_at', models.DateTimeField(null=True)),
                ('read_at', models.DateTimeField(null=True)),
                ('known_until', models.DateTimeField(null=True)),
                ('fault', models.CharField(blank=True, default='', max_length=24)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('unread', models.PositiveSmallIntegerField(default=0)),
                ('etag', models.CharField(blank=True, default='', max_length=255)),
                ('modified', models.CharField(blank=True, default='', max_length=255)),
                ('digest', models.CharField(blank=True, default='', max_length=64)),
                ('agenda', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
            options={
                'ordering': ('made_at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='OtherBusy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('agenda', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.othercalendar')),
            ],
        ),
        migrations.CreateModel(
            name='OtherEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=160)),
                ('etag', models.CharField(blank=True, default='', max_length=255)),
                ('digest', models.CharField(blank=True, default='', max_length=64)),
                ('conflict', models.BooleanField(default=False)),
                ('written_at', models.DateTimeField()),
                ('agenda', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda')),
                ('appointment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.appointment')),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.othercalendar')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
        ),
        migrations.AddIndex(
            model_name='othercalendar',
            index=models.Index(condition=models.Q(('removed_at__isnull', True)), fields=['next_at'], name='agenda_other_due'),
        ),
        migrations.AddConstraint(
            model_name='othercalendar',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['caldav', 'feed'])), name='agenda_other_kind'),
        ),
        migrations.AddIndex(
            model_name='otherbusy',
            index=models.Index(fields=['agenda', 'ends_at'], name='agenda_other_busy_when'),
        ),
        migrations.AddConstraint(
            model_name='otherbusy',
            constraint=models.UniqueConstraint(fields=('calendar', 'starts_at'), name='agenda_other_busy_once'),
        ),
        migrations.AddConstraint(
            model_name='otherbusy',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='agenda_other_busy_forward'),
        ),
        migrations.AddConstraint(
            model_name='otherentry',
            constraint=models.UniqueConstraint(fields=('calendar', 'appointment'), name='agenda_other_entry_once'),
        ),
    ]
