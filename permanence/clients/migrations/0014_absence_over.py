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
    ]
