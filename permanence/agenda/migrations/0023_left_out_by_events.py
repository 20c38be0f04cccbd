# SPDX-License-Identifier: AGPL-3.0-or-later


import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agenda', '0022_homes_in_calendars'),
    ]

    operations = [
        migrations.AlterField(
            model_name='otherbusy',
            name='calendar',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agenda.othercalendar'),
        ),
        migrations.AddField(
            model_name='otherbusy',
            name='event',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='agenda.calendarobject'),
        ),
        migrations.AddConstraint(
            model_name='otherbusy',
            constraint=models.UniqueConstraint(fields=('event', 'starts_at'), name='agenda_other_busy_event'),
        ),
        migrations.AddConstraint(
            model_name='otherbusy',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('calendar__isnull', True), ('event__isnull', False)), models.Q(('calendar__isnull', False), ('event__isnull', True)), _connector='OR'), name='agenda_other_busy_whose'),
        ),
    ]
