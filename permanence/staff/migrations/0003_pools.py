# SPDX-License-Identifier: AGPL-3.0-or-later
"""Several pools a house: a list of them, and which secretary is in which."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('foundation', '0004_standing_alarms'),
        ('staff', '0002_keys'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='pool',
            options={'ordering': ('position', 'id'), 'verbose_name': 'pool', 'verbose_name_plural': 'pools'},
        ),
        migrations.RemoveConstraint(model_name='pool', name='staff_pool_one_a_house'),
        migrations.AddField(
            model_name='pool',
            name='position',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='place in the list'),
        ),
        migrations.AddField(
            model_name='pool',
            name='overflow',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='staff.pool', verbose_name='helped by'),
        ),
        migrations.AddField(
            model_name='pool',
            name='overflow_after_s',
            field=models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MaxValueValidator(3600)], verbose_name='after so many seconds'),
        ),
        migrations.AddConstraint(
            model_name='pool',
            constraint=models.UniqueConstraint(fields=('house', 'name'), name='staff_pool_name'),
        ),
        migrations.AddConstraint(
            model_name='pool',
            constraint=models.CheckConstraint(condition=models.Q(('overflow__isnull', True), models.Q(('overflow', models.F('id')), _negated=True), _connector='OR'), name='staff_pool_helped_by_another'),
        ),
        migrations.CreateModel(
            name='PoolMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('pool', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='staff.pool')),
                ('secretary', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='staff.secretary')),
            ],
        ),
        migrations.AddConstraint(
            model_name='poolmember',
            constraint=models.UniqueConstraint(fields=('secretary', 'pool'), name='staff_pool_member_once'),
        ),
    ]
