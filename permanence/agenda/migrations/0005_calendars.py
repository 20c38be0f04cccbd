# SPDX-License-Identifier: AGPL-3.0-or-later
"""Secret addresses of agendas, devices and what they wrote."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agenda', '0004_public_booking'),
        ('clients', '0012_external_agendas'),
        ('foundation', '0006_only_clients'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CalendarDevice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('label', models.CharField(max_length=60)),
                ('names', models.BooleanField(default=False)),
                ('made_by_name', models.CharField(max_length=120)),
                ('made_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(null=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('made_at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='CalendarFeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('label', models.CharField(max_length=60)),
                ('names', models.BooleanField(default=False)),
                ('made_by_name', models.CharField(max_length=120)),
                ('made_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(null=True)),
                ('agenda', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
            options={
                'ordering': ('made_at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='CalendarObject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=160)),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('uid', models.CharField(max_length=255)),
                ('body', models.TextField()),
                ('digest', models.CharField(max_length=64)),
                ('blocks', models.JSONField(default=list)),
                ('repeats', models.BooleanField(default=False)),
                ('known_until', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('agenda', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('agenda', 'name'), name='agenda_object_name'), models.UniqueConstraint(fields=('agenda', 'uid'), name='agenda_object_uid')],
            },
        ),
        migrations.CreateModel(
            name='CalendarState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(max_length=64)),
                ('known', models.JSONField()),
                ('at', models.DateTimeField(db_index=True)),
                ('agenda', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.agenda')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('agenda', 'token'), name='agenda_state_token')],
            },
        ),
    ]
