# SPDX-License-Identifier: AGPL-3.0-or-later


from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agenda', '0021_answers_of_who_waits'),
        ('clients', '0018_planned_end'),
        ('foundation', '0001_squashed_0006_only_clients'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='calendardevice',
            name='homes',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='calendarfeed',
            name='homes',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='othercalendar',
            name='homes',
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name='calendardevice',
            constraint=models.CheckConstraint(condition=models.Q(('homes', False), ('names', True), _connector='OR'), name='agenda_device_homes'),
        ),
        migrations.AddConstraint(
            model_name='calendarfeed',
            constraint=models.CheckConstraint(condition=models.Q(('homes', False), ('names', True), _connector='OR'), name='agenda_feed_homes'),
        ),
        migrations.AddConstraint(
            model_name='othercalendar',
            constraint=models.CheckConstraint(condition=models.Q(('homes', False), ('names', True), _connector='OR'), name='agenda_other_homes'),
        ),
    ]
