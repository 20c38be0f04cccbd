# SPDX-License-Identifier: AGPL-3.0-or-later
"""The daily test of a line is known by its client and number, so that it outlives the end of a contract."""

from django.db import migrations, models


def keep_the_number(apps, _schema_editor):
    """Each test keeps the number of the line it was of."""
    for row in apps.get_model('switchboard', 'ForwardingCheck').objects.select_related('line'):
        row.number = row.line.number
        row.save(update_fields=['number'])


class Migration(migrations.Migration):
    """The number in place of the line."""

    dependencies = [
        ('clients', '0009_quarantine_kept'),
        ('switchboard', '0003_forwarding_proofs'),
    ]

    operations = [
        migrations.AddField(
            model_name='forwardingcheck',
            name='number',
            field=models.CharField(default='', max_length=16),
            preserve_default=False,
        ),
        migrations.RunPython(keep_the_number, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name='forwardingcheck', name='switchboard_check_once'),
        migrations.RemoveField(model_name='forwardingcheck', name='line'),
        migrations.AddConstraint(
            model_name='forwardingcheck',
            constraint=models.UniqueConstraint(fields=('client', 'number'), name='switchboard_check_once'),
        ),
    ]
