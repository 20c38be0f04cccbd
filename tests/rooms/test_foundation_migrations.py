# SPDX-License-Identifier: AGPL-3.0-or-later
"""The migrations say what the models say."""

import pytest
from django.core.checks import run_checks
from django.core.management import call_command


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_django_has_nothing_to_say():
    assert run_checks() == []
