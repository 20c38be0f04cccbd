# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was done by hand in a client's external agenda."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('clients', '0009_quarantine_kept'),
        ('foundation', '0006_only_clients'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BookedElsewhere',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40)),
                ('call', models.CharField(blank=True, default='', max_length=64)),
                ('act', models.CharField(choices=[('booked', 'appointment booked'), ('moved', 'appointment moved'), ('cancelled', 'appointment cancelled')], max_length=12, verbose_name='what was done')),
                ('day', models.DateField(null=True, verbose_name='day')),
                ('hour', models.TimeField(null=True, verbose_name='hour')),
                ('patient_name', models.CharField(blank=True, default='', max_length=120, verbose_name='patient')),
                ('caller_number', models.CharField(blank=True, default='', max_length=16, verbose_name='number')),
                ('product', models.CharField(blank=True, default='', max_length=60, verbose_name='agenda')),
                ('host', models.CharField(blank=True, default='', max_length=253)),
                ('recorded_by_name', models.CharField(max_length=120, verbose_name='recorded by')),
                ('recorded_at', models.DateTimeField(verbose_name='recorded at')),
                ('corrected_at', models.DateTimeField(null=True)),
                ('corrected_by_name', models.CharField(blank=True, default='', max_length=120)),
                ('undone_at', models.DateTimeField(null=True)),
                ('undone_by_name', models.CharField(blank=True, default='', max_length=120)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.recipient', verbose_name='recipient')),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'appointment booked elsewhere',
                'verbose_name_plural': 'appointments booked elsewhere',
                'indexes': [models.Index(fields=['house', '-recorded_at'], name='agenda_elsewhere_when'), models.Index(fields=['client', '-recorded_at'], name='agenda_elsewhere_client'), models.Index(fields=['client', 'caller_number'], name='agenda_elsewhere_caller'), models.Index(fields=['house', 'call'], name='agenda_elsewhere_call')],
                'constraints': [models.UniqueConstraint(fields=('house', 'key'), name='agenda_elsewhere_key'), models.CheckConstraint(condition=models.Q(('act__in', ['booked', 'moved', 'cancelled'])), name='agenda_elsewhere_act'), models.CheckConstraint(condition=models.Q(('hour__isnull', True), ('day__isnull', False), _connector='OR'), name='agenda_elsewhere_hour_has_day')],
            },
        ),
    ]
