# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a client's line comes to the house, and the house's own forwarding codes."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Lines that were there before are forwarded with all their calls, from a public number nobody wrote down."""

    dependencies = [
        ("clients", "0004_scripts"),
        ('foundation', '0004_standing_alarms'),
    ]

    operations = [
        migrations.CreateModel(
            name='ForwardingCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('country', models.CharField(max_length=2, verbose_name='country')),
                ('operator', models.SlugField(blank=True, db_index=False, default='', help_text="Its short name, as on the client's page: post, orange. Empty: every operator of the country.", max_length=40, verbose_name='operator')),
                ('access', models.CharField(choices=[('fixed', 'fixed line'), ('mobile', 'mobile')], default='fixed', max_length=8, verbose_name='kind of line')),
                ('kind', models.CharField(choices=[('all', 'all calls'), ('busy', 'when busy'), ('no_answer', 'when nobody answers'), ('unreachable', 'when out of reach')], default='all', max_length=12, verbose_name='when')),
                ('activate', models.CharField(help_text='{number} stands for the number of the house, {seconds} for the seconds of ringing: *21*{number}#', max_length=60, verbose_name='keys that forward')),
                ('deactivate', models.CharField(blank=True, default='', max_length=32, verbose_name='keys that end it')),
                ('query', models.CharField(blank=True, default='', max_length=32, verbose_name='keys that ask')),
                ('source', models.CharField(blank=True, default='', help_text="The operator's page and the day.", max_length=200, verbose_name='where this was read')),
            ],
            options={
                'verbose_name': 'forwarding code',
                'verbose_name_plural': 'forwarding codes of the operators',
                'ordering': ('country', 'operator', 'access', 'kind'),
            },
        ),
        migrations.AddField(
            model_name='line',
            name='access',
            field=models.CharField(choices=[('fixed', 'fixed line'), ('mobile', 'mobile')], default='fixed', max_length=8, verbose_name='kind of line'),
        ),
        migrations.AddField(
            model_name='line',
            name='forwarding',
            field=models.CharField(choices=[('all', 'all calls, day and night'), ('hours', 'all calls, at hours the client switches on and off'), ('overflow', 'when the client is busy or does not answer'), ('no_answer', 'when the client does not answer'), ('busy', 'when the client is busy'), ('direct', 'direct: callers dial the number of the house')], default='all', max_length=12, verbose_name='forwarding'),
        ),
        migrations.AddField(
            model_name='line',
            name='no_answer_s',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='seconds of ringing before it is forwarded'),
        ),
        migrations.AddField(
            model_name='line',
            name='operator',
            field=models.SlugField(blank=True, db_index=False, default='', max_length=40, verbose_name='operator'),
        ),
        migrations.AddField(
            model_name='line',
            name='public_number',
            field=models.CharField(blank=True, default='', max_length=16, validators=[django.core.validators.RegexValidator('^\\+[1-9][0-9]{4,14}$', 'Write the number with its country, for instance +35227000010.')], verbose_name="the client's public number"),
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.UniqueConstraint(condition=models.Q(('public_number', ''), _negated=True), fields=('house', 'public_number'), name='clients_line_public_number'),
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.CheckConstraint(condition=models.Q(('public_number', models.F('number')), _negated=True), name='clients_line_forwards_not_to_itself'),
        ),
        migrations.AddField(
            model_name='forwardingcode',
            name='house',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house'),
        ),
        migrations.AddConstraint(
            model_name='forwardingcode',
            constraint=models.UniqueConstraint(fields=('house', 'country', 'operator', 'access', 'kind'), name='clients_forwarding_code_once'),
        ),
    ]
