# SPDX-License-Identifier: AGPL-3.0-or-later
"""Recorded words say for what they are: the client is shut, or nobody could answer.

Those that were closing words before stay so for the first only: "we are closed" is wrong to who waited in vain.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0012_external_agendas'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='announcement',
            name='clients_announcement_withdrawn_is_silent',
        ),
        migrations.AddField(
            model_name='announcement',
            name='unanswered',
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name='announcement',
            constraint=models.UniqueConstraint(condition=models.Q(('unanswered', True)), fields=('client', 'language'), name='clients_unanswered_words_once'),
        ),
        migrations.AddConstraint(
            model_name='announcement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closing', False), ('unanswered', False)), ('withdrawn_at__isnull', True), _connector='OR'), name='clients_announcement_withdrawn_is_silent'),
        ),
    ]
