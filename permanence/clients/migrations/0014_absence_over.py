# SPDX-License-Identifier: AGPL-3.0-or-later

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0013_unanswered_words'),
    ]

    operations = [
        migrations.AlterField(
            model_name='proposal',
            name='kind',
            field=models.CharField(choices=[('instruction', 'instruction'), ('retirement', 'retirement'), ('urgent_to', 'urgent_to'), ('absence_over', 'absence_over'), ('contact', 'contact'), ('contact_removed', 'contact_removed'), ('duty_contact', 'duty_contact'), ('red_flags', 'red_flags')], max_length=16),
        ),
        migrations.AlterConstraint(
            model_name='greeting',
            name='clients_greeting_once',
            constraint=models.UniqueConstraint(condition=models.Q(('line__isnull', True)), fields=('client', 'language', 'day_type', 'weekdays', 'opens', 'until'), name='clients_greeting_once', violation_error_message='There is a phrase for the same line, days and hours already: change that one.'),
        ),
        migrations.AlterConstraint(
            model_name='greeting',
            name='clients_greeting_once_a_line',
            constraint=models.UniqueConstraint(condition=models.Q(('line__isnull', False)), fields=('client', 'line', 'language', 'day_type', 'weekdays', 'opens', 'until'), name='clients_greeting_once_a_line', violation_error_message='There is a phrase for the same line, days and hours already: change that one.'),
        ),
    ]
