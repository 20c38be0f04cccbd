# SPDX-License-Identifier: AGPL-3.0-or-later
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0017_line_removed'),
        ('foundation', '0001_squashed_0006_only_clients'),
    ]

    operations = [
        migrations.CreateModel(
            name='PlannedEnd',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ends_on', models.DateField(verbose_name='contract until')),
                ('until', models.DateField(verbose_name='until')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('planned_by', models.CharField(max_length=120, verbose_name='written by')),
                ('planned_at', models.DateTimeField(verbose_name='written on')),
                ('client', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
            options={
                'verbose_name': 'planned end of a contract',
                'verbose_name_plural': 'planned ends of contracts',
                'ordering': ('ends_on', 'id'),
            },
        ),
    ]
