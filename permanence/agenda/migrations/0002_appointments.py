# SPDX-License-Identifier: AGPL-3.0-or-later
"""Agendas, their openings and reasons, holds, appointments, and what is taken: never twice."""

import django.db.models.deletion
import permanence.foundation.no_overlap
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agenda', '0001_booked_elsewhere'),
        ('callers', '0001_initial'),
        ('clients', '0009_quarantine_kept'),
        ('foundation', '0006_only_clients'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name='Agenda',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('step', models.PositiveSmallIntegerField(default=5)),
                ('closed_on_holidays', models.BooleanField(default=True)),
                ('overbookings_per_day', models.PositiveSmallIntegerField(default=0)),
                ('active', models.BooleanField(default=True)),
                ('version', models.PositiveBigIntegerField(default=1)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.recipient')),
            ],
            options={
                'ordering': ('name', 'id'),
            },
        ),
        migrations.CreateModel(
            name='AgendaAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40)),
                ('act', models.CharField(max_length=24)),
                ('digest', models.CharField(max_length=64)),
                ('result', models.JSONField(default=dict)),
                ('at', models.DateTimeField(db_index=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
        ),
        migrations.CreateModel(
            name='Appointment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40)),
                ('known', models.BooleanField(default=True)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('state', models.CharField(default='booked', max_length=12)),
                ('state_at', models.DateTimeField()),
                ('door', models.CharField(max_length=12)),
                ('call', models.CharField(blank=True, default='', max_length=64)),
                ('booked_by_name', models.CharField(max_length=120)),
                ('booked_at', models.DateTimeField()),
                ('revision', models.PositiveIntegerField(default=0)),
                ('cancel_cause', models.CharField(blank=True, default='', max_length=16)),
                ('cancel_words', models.CharField(blank=True, default='', max_length=200)),
                ('cancelled_by_name', models.CharField(blank=True, default='', max_length=120)),
                ('overbook_cause', models.CharField(blank=True, default='', max_length=200)),
                ('position', models.PositiveSmallIntegerField(null=True)),
                ('agenda', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda')),
                ('booked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='callers.patient')),
            ],
        ),
        migrations.CreateModel(
            name='Block',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('words', models.CharField(blank=True, default='', max_length=200)),
                ('door', models.CharField(max_length=12)),
                ('made_by_name', models.CharField(max_length=120)),
                ('made_at', models.DateTimeField()),
                ('removed_at', models.DateTimeField(null=True)),
                ('agenda', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
        ),
        migrations.CreateModel(
            name='FollowedMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('merge', models.CharField(max_length=40)),
                ('appointment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.appointment')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
        ),
        migrations.CreateModel(
            name='OpeningException',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('date', models.DateField()),
                ('kind', models.CharField(max_length=10)),
                ('label', models.CharField(blank=True, default='', max_length=80)),
                ('agenda', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
            options={
                'ordering': ('date', 'id'),
            },
        ),
        migrations.CreateModel(
            name='OpeningPattern',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(default=0)),
                ('opens', models.CharField(max_length=5)),
                ('until', models.CharField(max_length=5)),
                ('every_weeks', models.PositiveSmallIntegerField(default=1)),
                ('anchor', models.DateField(blank=True, null=True)),
                ('valid_from', models.DateField(blank=True, null=True)),
                ('valid_until', models.DateField(blank=True, null=True)),
                ('reasons', models.JSONField(blank=True, default=list)),
                ('resources', models.JSONField(blank=True, default=list)),
                ('kind', models.CharField(default='normal', max_length=12)),
                ('released_at', models.CharField(blank=True, default='', max_length=5)),
                ('released_days', models.PositiveSmallIntegerField(default=0)),
                ('travel', models.PositiveSmallIntegerField(default=0)),
                ('capacity', models.PositiveSmallIntegerField(default=1)),
                ('new_patients', models.BooleanField(default=True)),
                ('online', models.BooleanField(default=True)),
                ('on_holidays', models.BooleanField(default=False)),
                ('agenda', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('exception', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='agenda.openingexception')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('site', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.site')),
            ],
            options={
                'ordering': ('weekday', 'opens', 'id'),
            },
        ),
        migrations.CreateModel(
            name='Resource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('kind', models.CharField(max_length=40)),
                ('active', models.BooleanField(default=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('site', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.site')),
            ],
            options={
                'ordering': ('name', 'id'),
            },
        ),
        migrations.CreateModel(
            name='Series',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40)),
                ('wanted', models.PositiveSmallIntegerField()),
                ('missing', models.JSONField(default=list)),
                ('made_by_name', models.CharField(max_length=120)),
                ('made_at', models.DateTimeField()),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='callers.patient')),
            ],
        ),
        migrations.AddField(
            model_name='appointment',
            name='series',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.series'),
        ),
        migrations.CreateModel(
            name='SlotHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40)),
                ('known', models.BooleanField(default=True)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('door', models.CharField(max_length=12)),
                ('call', models.CharField(blank=True, default='', max_length=64)),
                ('held_for', models.CharField(max_length=64)),
                ('held_by_name', models.CharField(max_length=120)),
                ('held_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended', models.CharField(blank=True, default='', max_length=12)),
                ('agenda', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('held_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
        ),
        migrations.CreateModel(
            name='Occupancy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('before', models.PositiveSmallIntegerField(default=0)),
                ('after', models.PositiveSmallIntegerField(default=0)),
                ('place_from', models.PositiveSmallIntegerField(default=0)),
                ('place_until', models.PositiveSmallIntegerField(default=500)),
                ('blocking', models.BooleanField(default=True)),
                ('agenda', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda')),
                ('appointment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.appointment')),
                ('block', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.block')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('resource', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.resource')),
                ('hold', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.slothold')),
            ],
        ),
        migrations.CreateModel(
            name='VisitReason',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('minutes', models.PositiveSmallIntegerField()),
                ('minutes_new', models.PositiveSmallIntegerField(default=0)),
                ('before', models.PositiveSmallIntegerField(default=0)),
                ('after', models.PositiveSmallIntegerField(default=0)),
                ('notice', models.PositiveIntegerField(default=0)),
                ('horizon', models.PositiveSmallIntegerField(default=0)),
                ('max_per_day', models.PositiveSmallIntegerField(default=0)),
                ('max_per_half_day', models.PositiveSmallIntegerField(default=0)),
                ('max_new_per_day', models.PositiveSmallIntegerField(default=0)),
                ('bookable_by', models.JSONField(default=list)),
                ('way', models.CharField(default='practice', max_length=12)),
                ('needs', models.JSONField(blank=True, default=list)),
                ('sites', models.JSONField(blank=True, default=list)),
                ('questions', models.JSONField(blank=True, default=list)),
                ('documents', models.JSONField(blank=True, default=list)),
                ('youngest', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('oldest', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('contra_indications', models.JSONField(blank=True, default=list)),
                ('overbooking', models.BooleanField(default=False)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('replacement', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.visitreason')),
            ],
            options={
                'ordering': ('position', 'id'),
            },
        ),
        migrations.AddField(
            model_name='slothold',
            name='reason',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.visitreason'),
        ),
        migrations.AddField(
            model_name='series',
            name='reason',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.visitreason'),
        ),
        migrations.AddField(
            model_name='appointment',
            name='reason',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.visitreason'),
        ),
        migrations.AddConstraint(
            model_name='agenda',
            constraint=models.UniqueConstraint(fields=('client', 'name'), name='agenda_agenda_name'),
        ),
        migrations.AddConstraint(
            model_name='agendaact',
            constraint=models.UniqueConstraint(fields=('house', 'key'), name='agenda_act_key'),
        ),
        migrations.AddIndex(
            model_name='block',
            index=models.Index(fields=['agenda', 'starts_at'], name='agenda_block_when'),
        ),
        migrations.AddConstraint(
            model_name='block',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='agenda_block_forward'),
        ),
        migrations.AddConstraint(
            model_name='block',
            constraint=models.UniqueConstraint(fields=('house', 'key'), name='agenda_block_key'),
        ),
        migrations.AddConstraint(
            model_name='followedmerge',
            constraint=models.UniqueConstraint(fields=('appointment', 'merge'), name='agenda_merge_once'),
        ),
        migrations.AddConstraint(
            model_name='openingexception',
            constraint=models.UniqueConstraint(fields=('agenda', 'date'), name='agenda_exception_day'),
        ),
        migrations.AddConstraint(
            model_name='openingpattern',
            constraint=models.CheckConstraint(condition=models.Q(('until__gt', models.F('opens'))), name='agenda_pattern_forward'),
        ),
        migrations.AddConstraint(
            model_name='openingpattern',
            constraint=models.CheckConstraint(condition=models.Q(('capacity__gte', 1), ('every_weeks__gte', 1), ('weekday__lte', 6)), name='agenda_pattern_sane'),
        ),
        migrations.AddConstraint(
            model_name='resource',
            constraint=models.UniqueConstraint(fields=('client', 'name'), name='agenda_resource_name'),
        ),
        migrations.AddIndex(
            model_name='occupancy',
            index=models.Index(fields=['agenda', 'ends_at'], name='agenda_occupancy_when'),
        ),
        migrations.AddIndex(
            model_name='occupancy',
            index=models.Index(fields=['resource', 'ends_at'], name='agenda_occupancy_used'),
        ),
        migrations.AddConstraint(
            model_name='occupancy',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='agenda_occupancy_forward'),
        ),
        migrations.AddConstraint(
            model_name='occupancy',
            constraint=permanence.foundation.no_overlap.NoOverlap(ends='ends_at', name='agenda_occupancy_agenda', numbers=('place_from', 'place_until'), only='blocking', starts='starts_at', within=('agenda',)),
        ),
        migrations.AddConstraint(
            model_name='occupancy',
            constraint=permanence.foundation.no_overlap.NoOverlap(ends='ends_at', name='agenda_occupancy_resource', numbers=(), only='blocking', starts='starts_at', within=('resource',)),
        ),
        migrations.AddConstraint(
            model_name='occupancy',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('agenda__isnull', True), ('resource__isnull', False)), models.Q(('agenda__isnull', False), ('resource__isnull', True)), _connector='OR'), name='agenda_occupancy_of_one'),
        ),
        migrations.AddConstraint(
            model_name='occupancy',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('appointment', None), ('block', None), ('hold__isnull', False)), models.Q(('appointment__isnull', False), ('block', None), ('hold', None)), models.Q(('appointment', None), ('block__isnull', False), ('hold', None)), _connector='OR'), name='agenda_occupancy_by_one'),
        ),
        migrations.AddConstraint(
            model_name='occupancy',
            constraint=models.CheckConstraint(condition=models.Q(('place_from__lt', models.F('place_until')), ('place_until__lte', 500)), name='agenda_occupancy_places'),
        ),
        migrations.AddConstraint(
            model_name='visitreason',
            constraint=models.UniqueConstraint(condition=models.Q(('retired_at__isnull', True)), fields=('client', 'name'), name='agenda_reason_name'),
        ),
        migrations.AddConstraint(
            model_name='visitreason',
            constraint=models.CheckConstraint(condition=models.Q(('minutes__gt', 0)), name='agenda_reason_lasts'),
        ),
        migrations.AddConstraint(
            model_name='visitreason',
            constraint=models.CheckConstraint(condition=models.Q(('replacement__isnull', True), models.Q(('retired_at__isnull', False), models.Q(('replacement', models.F('id')), _negated=True)), _connector='OR'), name='agenda_reason_replaced'),
        ),
        migrations.AddIndex(
            model_name='slothold',
            index=models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['expires_at'], name='agenda_hold_due'),
        ),
        migrations.AddIndex(
            model_name='slothold',
            index=models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['house', 'call'], name='agenda_hold_call'),
        ),
        migrations.AddConstraint(
            model_name='slothold',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='agenda_hold_forward'),
        ),
        migrations.AddConstraint(
            model_name='slothold',
            constraint=models.UniqueConstraint(fields=('house', 'key'), name='agenda_hold_key'),
        ),
        migrations.AddConstraint(
            model_name='slothold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended', ''), ('ended_at__isnull', True)), models.Q(('ended_at__isnull', False), models.Q(('ended', ''), _negated=True)), _connector='OR'), name='agenda_hold_ended'),
        ),
        migrations.AddConstraint(
            model_name='series',
            constraint=models.UniqueConstraint(fields=('house', 'key'), name='agenda_series_key'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(fields=['agenda', 'starts_at'], name='agenda_appointment_when'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(fields=['patient', 'starts_at'], name='agenda_appointment_patient'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(fields=['reason', 'starts_at'], name='agenda_appointment_reason'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(fields=['house', 'call'], name='agenda_appointment_call'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='agenda_appointment_forward'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.UniqueConstraint(fields=('house', 'key'), name='agenda_appointment_key'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['booked', 'confirmed', 'arrived', 'done', 'no_show', 'cancelled'])), name='agenda_appointment_state'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'cancelled'), models.Q(('cancel_cause', ''), _negated=True)), models.Q(models.Q(('state', 'cancelled'), _negated=True), ('cancel_cause', '')), _connector='OR'), name='agenda_appointment_cause'),
        ),
    ]
