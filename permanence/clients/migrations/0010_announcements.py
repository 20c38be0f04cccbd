# SPDX-License-Identifier: AGPL-3.0-or-later
"""Recorded announcements: closing words, and what is heard before the music."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0009_quarantine_kept'),
        ('foundation', '0006_only_clients'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Announcement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(max_length=2, verbose_name='language')),
                ('text', models.CharField(max_length=1000, verbose_name='what it says')),
                ('content', models.CharField(max_length=64)),
                ('audio', models.BinaryField()),
                ('samples', models.PositiveIntegerField()),
                ('closing', models.BooleanField(default=False, verbose_name='closing words')),
                ('by_microphone', models.BooleanField(default=False)),
                ('made_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.client', verbose_name='client')),
                ('house', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundation.house')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'recorded announcement',
                'verbose_name_plural': 'recorded announcements',
                'ordering': ('id',),
            },
        ),
        migrations.AddField(
            model_name='greeting',
            name='announcement',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clients.announcement'),
        ),
        migrations.AddIndex(
            model_name='announcement',
            index=models.Index(fields=['client', 'content'], name='clients_announcement_content'),
        ),
        migrations.AddConstraint(
            model_name='announcement',
            constraint=models.UniqueConstraint(condition=models.Q(('closing', True)), fields=('client', 'language'), name='clients_closing_words_once'),
        ),
        migrations.AddConstraint(
            model_name='announcement',
            constraint=models.CheckConstraint(condition=models.Q(('closing', False), ('withdrawn_at__isnull', True), _connector='OR'), name='clients_announcement_withdrawn_is_silent'),
        ),
    ]
