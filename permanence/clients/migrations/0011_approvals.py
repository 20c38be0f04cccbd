# SPDX-License-Identifier: AGPL-3.0-or-later
"""A second person for the urgent paths, and what was changed in the directory."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0010_announcements'),
        ('foundation', '0006_only_clients'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='client',
            name='second_approval',
            field=models.BooleanField(default=False, help_text='Urgent instructions, numbers that may be given, who stands in, the duty contact and red flags then hold only after another person of the client, or the house, has approved them.', verbose_name='urgent paths need a second approval'),
        ),
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('instruction', 'instruction'), ('retirement', 'retirement'), ('urgent_to', 'urgent_to'), ('contact', 'contact'), ('contact_removed', 'contact_removed'), ('duty_contact', 'duty_contact'), ('red_flags', 'red_flags')], max_length=16)),
                ('body', models.JSONField()),
                ('author_name', models.CharField(max_length=120)),
                ('made_at', models.DateTimeField()),
                ('lapses_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('approved', 'approved'), ('refused', 'refused'), ('taken_back', 'taken_back'), ('overtaken', 'overtaken'), ('lapsed', 'lapsed')], default='waiting', max_length=12)),
                ('decided_by_name', models.CharField(blank=True, default='', max_length=120)),
                ('decided_at', models.DateTimeField(null=True)),
                ('cause', models.CharField(blank=True, default='', max_length=300)),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
            ],
        ),
        migrations.CreateModel(
            name='ProposalMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40, unique=True)),
                ('next_attempt_at', models.DateTimeField(null=True)),
                ('leased_until', models.DateTimeField(null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('sent_at', models.DateTimeField(null=True)),
                ('why', models.CharField(blank=True, default='', max_length=200)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.proposal')),
            ],
        ),
        migrations.CreateModel(
            name='EntryChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entry', models.CharField(choices=[('site', 'site'), ('contact', 'contact')], max_length=8)),
                ('before', models.JSONField(null=True)),
                ('after', models.JSONField(null=True)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('person_name', models.CharField(max_length=120)),
                ('at', models.DateTimeField()),
                ('undone', models.BooleanField(default=False)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['client', 'at'], name='clients_entry_change_at')],
            },
        ),
        migrations.AddIndex(
            model_name='proposal',
            index=models.Index(fields=['client', 'state'], name='clients_proposal_waiting'),
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), ('author__isnull', True), models.Q(('author', models.F('decided_by')), _negated=True), _connector='OR'), name='clients_proposal_two_persons'),
        ),
        migrations.AddIndex(
            model_name='proposalmail',
            index=models.Index(fields=['next_attempt_at'], name='clients_proposal_mail_due'),
        ),
        migrations.AddConstraint(
            model_name='proposalmail',
            constraint=models.UniqueConstraint(fields=('proposal', 'person'), name='clients_proposal_mail_once'),
        ),
    ]
