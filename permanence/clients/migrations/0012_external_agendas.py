# SPDX-License-Identifier: AGPL-3.0-or-later
"""The agendas that clients keep elsewhere."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0011_approvals'),
        ('foundation', '0006_only_clients'),
    ]

    operations = [
        migrations.CreateModel(
            name='ExternalAgenda',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('product', models.CharField(max_length=60, verbose_name='agenda')),
                ('link', models.CharField(max_length=500, verbose_name='link')),
                ('remark', models.CharField(blank=True, default='', max_length=200, verbose_name='remark')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('recipient', models.ForeignKey(blank=True, help_text='Empty: of all of them.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.recipient', verbose_name='whose')),
            ],
            options={
                'verbose_name': 'external agenda',
                'verbose_name_plural': 'external agendas',
                'ordering': ('id',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('recipient__isnull', True)), fields=('client',), name='clients_agenda_of_all', violation_error_message='The client has one agenda of all already.'), models.UniqueConstraint(fields=('client', 'recipient'), name='clients_agenda_of_recipient', violation_error_message='This recipient has an agenda already.'), models.CheckConstraint(condition=models.Q(('link__startswith', 'https://')), name='clients_agenda_https')],
            },
        ),
    ]
