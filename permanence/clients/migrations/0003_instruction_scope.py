# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an instruction is about, and who has read it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0002_spoken'),
        ('foundation', '0004_standing_alarms'),
        ('staff', '0002_keys'),
    ]

    operations = [
        migrations.AddField(
            model_name='instruction',
            name='acknowledge',
            field=models.BooleanField(default=False, help_text='Every secretary is asked to say that she has read it, before her next call.', verbose_name='to be read by everybody'),
        ),
        migrations.AddField(
            model_name='instruction',
            name='caller',
            field=models.CharField(blank=True, default='', max_length=16, verbose_name='only for this caller'),
        ),
        migrations.AddField(
            model_name='instruction',
            name='line',
            field=models.CharField(blank=True, default='', max_length=16, verbose_name='only on this line'),
        ),
        migrations.AddField(
            model_name='instruction',
            name='reason',
            field=models.CharField(blank=True, default='', max_length=40, verbose_name='only for this reason'),
        ),
        migrations.AddField(
            model_name='instruction',
            name='recipient',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.recipient', verbose_name='only for this recipient'),
        ),
        migrations.CreateModel(
            name='InstructionAcknowledgement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='read at')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('instruction', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.instruction')),
                ('secretary', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='staff.secretary')),
            ],
            options={
                'verbose_name': 'acknowledgement',
                'verbose_name_plural': 'acknowledgements',
                'constraints': [models.UniqueConstraint(fields=('instruction', 'secretary'), name='clients_acknowledged_once')],
            },
        ),
    ]
