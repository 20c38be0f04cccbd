# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one pool of a secretary is read no more."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('staff', '0004_pool_members'),
    ]

    operations = [migrations.RemoveField(model_name='secretary', name='pool')]
