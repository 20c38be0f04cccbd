# SPDX-License-Identifier: AGPL-3.0-or-later
"""The migrations say what the models say, and the shape of the tables keeps the walls."""

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.core.management import call_command
from django.db.models import ForeignKey

ROOMS = [config for config in apps.get_app_configs() if config.name.startswith("permanence.")]
TABLES = [model for config in ROOMS for model in config.get_models()]
WITHOUT_HOUSE = {"House", "OutboxReceipt", "WrongPassword", "EnginePosition", "EngineEventAside"}
"""Rows of the machinery: the house itself, and positions that belong to an engine or to an event."""


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_django_has_nothing_to_say():
    assert run_checks() == []


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.label)
def test_foreign_keys_have_no_reverse_accessor(model):
    own = [field for field in model._meta.local_fields if isinstance(field, ForeignKey)]
    assert [field.name for field in own if not field.remote_field.hidden] == []


def test_every_row_carries_its_house():
    bare = {model.__name__ for model in TABLES if "house" not in {field.name for field in model._meta.fields}}
    assert bare <= WITHOUT_HOUSE, bare - WITHOUT_HOUSE
