# SPDX-License-Identifier: AGPL-3.0-or-later
"""Agendas, their openings and reasons, holds, appointments, and what is taken: never twice."""

import django.core.validators
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
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('step', models.PositiveSmallIntegerField(default=5, verbose_name='visits begin every so many minutes')),
                ('closed_on_holidays', models.BooleanField(default=True, verbose_name='closed on public holidays')),
                ('overbookings_per_day', models.PositiveSmallIntegerField(default=0, verbose_name='overbookings a day')),
                ('active', models.BooleanField(default=True, verbose_name='active')),
                ('version', models.PositiveBigIntegerField(default=1)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.recipient', verbose_name='recipient')),
            ],
            options={
                'verbose_name': 'agenda',
                'verbose_name_plural': 'agendas',
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
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
        ),
        migrations.CreateModel(
            name='Appointment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40)),
                ('known', models.BooleanField(default=True, verbose_name='known patient')),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(verbose_name='until')),
                ('state', models.CharField(choices=[('booked', 'booked'), ('confirmed', 'confirmed'), ('arrived', 'arrived'), ('done', 'done'), ('no_show', 'did not come'), ('cancelled', 'cancelled')], default='booked', max_length=12, verbose_name='state')),
                ('state_at', models.DateTimeField()),
                ('door', models.CharField(choices=[('console', 'console'), ('portal', 'portal'), ('public', 'public page'), ('api', 'interface'), ('caldav', 'calendar of a telephone'), ('reminder', 'answer to a reminder'), ('import', 'import')], max_length=12)),
                ('call', models.CharField(blank=True, default='', max_length=64)),
                ('booked_by_name', models.CharField(max_length=120, verbose_name='booked by')),
                ('booked_at', models.DateTimeField(verbose_name='booked at')),
                ('revision', models.PositiveIntegerField(default=0)),
                ('cancel_cause', models.CharField(blank=True, choices=[('patient', 'the patient cancelled'), ('doctor', 'the doctor cancelled'), ('absence', 'the doctor is away'), ('mistake', 'booked by mistake'), ('reason_retired', 'the reason is no longer offered'), ('other', 'another cause')], default='', max_length=16)),
                ('cancel_words', models.CharField(blank=True, default='', max_length=200)),
                ('cancelled_by_name', models.CharField(blank=True, default='', max_length=120)),
                ('overbook_cause', models.CharField(blank=True, default='', max_length=200)),
                ('position', models.PositiveSmallIntegerField(null=True)),
                ('agenda', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda', verbose_name='agenda')),
                ('booked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='callers.patient')),
            ],
            options={
                'verbose_name': 'appointment',
                'verbose_name_plural': 'appointments',
            },
        ),
        migrations.CreateModel(
            name='Block',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40)),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(verbose_name='until')),
                ('words', models.CharField(blank=True, default='', max_length=200, verbose_name='what for')),
                ('door', models.CharField(choices=[('console', 'console'), ('portal', 'portal'), ('public', 'public page'), ('api', 'interface'), ('caldav', 'calendar of a telephone'), ('reminder', 'answer to a reminder'), ('import', 'import')], max_length=12)),
                ('made_by_name', models.CharField(max_length=120)),
                ('made_at', models.DateTimeField()),
                ('removed_at', models.DateTimeField(null=True)),
                ('agenda', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda', verbose_name='agenda')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
            options={
                'verbose_name': 'busy time',
                'verbose_name_plural': 'busy times',
            },
        ),
        migrations.CreateModel(
            name='FollowedMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('merge', models.CharField(max_length=40)),
                ('appointment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.appointment')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
        ),
        migrations.CreateModel(
            name='OpeningException',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('date', models.DateField(verbose_name='day')),
                ('kind', models.CharField(choices=[('closed', 'closed'), ('one_off', 'open besides the week'), ('replaced', 'open instead of the week')], max_length=10, verbose_name='kind')),
                ('label', models.CharField(blank=True, default='', max_length=80, verbose_name='label')),
                ('agenda', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda', verbose_name='agenda')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
            options={
                'verbose_name': 'exception to the openings',
                'verbose_name_plural': 'exceptions to the openings',
                'ordering': ('date', 'id'),
            },
        ),
        migrations.CreateModel(
            name='OpeningPattern',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(default=0, verbose_name='day')),
                ('opens', models.CharField(max_length=5, validators=[django.core.validators.RegexValidator('^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$', 'Write the time as 08:30.')], verbose_name='from')),
                ('until', models.CharField(max_length=5, validators=[django.core.validators.RegexValidator('^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$', 'Write the time as 08:30.')], verbose_name='until')),
                ('every_weeks', models.PositiveSmallIntegerField(default=1, verbose_name='every so many weeks')),
                ('anchor', models.DateField(blank=True, null=True, verbose_name='from the week of')),
                ('valid_from', models.DateField(blank=True, null=True, verbose_name='valid from')),
                ('valid_until', models.DateField(blank=True, null=True, verbose_name='valid until')),
                ('reasons', models.JSONField(blank=True, default=list, verbose_name='reasons')),
                ('resources', models.JSONField(blank=True, default=list, verbose_name='rooms and equipment')),
                ('kind', models.CharField(choices=[('normal', 'appointments'), ('same_day', 'kept for the same day'), ('walk_in', 'without appointment'), ('home_visit', 'home visits'), ('tele', 'by video')], default='normal', max_length=12, verbose_name='kind')),
                ('released_at', models.CharField(blank=True, default='', max_length=5, validators=[django.core.validators.RegexValidator('^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$', 'Write the time as 08:30.')], verbose_name='released at')),
                ('released_days', models.PositiveSmallIntegerField(default=0, verbose_name='days before')),
                ('travel', models.PositiveSmallIntegerField(default=0, verbose_name='minutes of travel')),
                ('capacity', models.PositiveSmallIntegerField(default=1, verbose_name='places')),
                ('new_patients', models.BooleanField(default=True, verbose_name='new patients')),
                ('online', models.BooleanField(default=True, verbose_name='online')),
                ('on_holidays', models.BooleanField(default=False, verbose_name='on public holidays')),
                ('agenda', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda', verbose_name='agenda')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('exception', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='agenda.openingexception')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('site', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.site', verbose_name='site')),
            ],
            options={
                'verbose_name': 'opening',
                'verbose_name_plural': 'openings',
                'ordering': ('weekday', 'opens', 'id'),
            },
        ),
        migrations.CreateModel(
            name='Resource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('kind', models.CharField(max_length=40, verbose_name='kind')),
                ('active', models.BooleanField(default=True, verbose_name='active')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('site', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.site', verbose_name='site')),
            ],
            options={
                'verbose_name': 'room or equipment',
                'verbose_name_plural': 'rooms and equipment',
                'ordering': ('name', 'id'),
            },
        ),
        migrations.CreateModel(
            name='Series',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40)),
                ('wanted', models.PositiveSmallIntegerField(verbose_name='appointments wanted')),
                ('missing', models.JSONField(default=list)),
                ('made_by_name', models.CharField(max_length=120)),
                ('made_at', models.DateTimeField()),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='callers.patient')),
            ],
            options={
                'verbose_name': 'series',
                'verbose_name_plural': 'series',
            },
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
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(verbose_name='until')),
                ('door', models.CharField(choices=[('console', 'console'), ('portal', 'portal'), ('public', 'public page'), ('api', 'interface'), ('caldav', 'calendar of a telephone'), ('reminder', 'answer to a reminder'), ('import', 'import')], max_length=12)),
                ('call', models.CharField(blank=True, default='', max_length=64)),
                ('held_for', models.CharField(max_length=64)),
                ('held_by_name', models.CharField(max_length=120)),
                ('held_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended', models.CharField(blank=True, choices=[('booked', 'booked'), ('released', 'released'), ('hung_up', 'hung_up'), ('expired', 'expired')], default='', max_length=12)),
                ('agenda', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda', verbose_name='agenda')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('held_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
            options={
                'verbose_name': 'held slot',
                'verbose_name_plural': 'held slots',
            },
        ),
        migrations.CreateModel(
            name='Occupancy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(verbose_name='until')),
                ('before', models.PositiveSmallIntegerField(default=0)),
                ('after', models.PositiveSmallIntegerField(default=0)),
                ('place_from', models.PositiveSmallIntegerField(default=0)),
                ('place_until', models.PositiveSmallIntegerField(default=500)),
                ('blocking', models.BooleanField(default=True)),
                ('agenda', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda')),
                ('appointment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.appointment')),
                ('block', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.block')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('resource', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.resource')),
                ('hold', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.slothold')),
            ],
            options={
                'verbose_name': 'taken time',
                'verbose_name_plural': 'taken times',
            },
        ),
        migrations.CreateModel(
            name='VisitReason',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('minutes', models.PositiveSmallIntegerField(verbose_name='minutes')),
                ('minutes_new', models.PositiveSmallIntegerField(default=0, verbose_name='minutes for a new patient')),
                ('before', models.PositiveSmallIntegerField(default=0, verbose_name='minutes kept free before')),
                ('after', models.PositiveSmallIntegerField(default=0, verbose_name='minutes kept free after')),
                ('notice', models.PositiveIntegerField(default=0, verbose_name='minutes of notice')),
                ('horizon', models.PositiveSmallIntegerField(default=0, verbose_name='days ahead at most')),
                ('max_per_day', models.PositiveSmallIntegerField(default=0, verbose_name='at most a day')),
                ('max_per_half_day', models.PositiveSmallIntegerField(default=0, verbose_name='at most a half-day')),
                ('max_new_per_day', models.PositiveSmallIntegerField(default=0, verbose_name='new patients at most a day')),
                ('bookable_by', models.JSONField(default=list, verbose_name='who may book')),
                ('way', models.CharField(choices=[('practice', 'at the practice'), ('home', 'home visit'), ('tele', 'by video')], default='practice', max_length=12, verbose_name='how')),
                ('needs', models.JSONField(blank=True, default=list, verbose_name='rooms and equipment')),
                ('sites', models.JSONField(blank=True, default=list, verbose_name='sites')),
                ('questions', models.JSONField(blank=True, default=list, verbose_name='questions to ask')),
                ('documents', models.JSONField(blank=True, default=list, verbose_name='documents to bring')),
                ('youngest', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='youngest age')),
                ('oldest', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='oldest age')),
                ('contra_indications', models.JSONField(blank=True, default=list, verbose_name='contra-indications')),
                ('overbooking', models.BooleanField(default=False, verbose_name='may be overbooked')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='place in the list')),
                ('retired_at', models.DateTimeField(blank=True, null=True, verbose_name='retired at')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('replacement', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.visitreason')),
            ],
            options={
                'verbose_name': 'reason of visits',
                'verbose_name_plural': 'reasons of visits',
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
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.visitreason', verbose_name='reason'),
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
