# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables: foreign keys point upstream only and have no way back; every row of a room carries its house."""

import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

CLONE = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((CLONE / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
LAYERS = next(contract["layers"] for contract in CONTRACTS if contract["id"] == "layers")
HEIGHT = {
    name.strip(" ()"): len(LAYERS) - position for position, layer in enumerate(LAYERS) for name in layer.split("|")
}
WITHOUT_HOUSE = {
    "foundation.House": "it is the house",
    "foundation.OutboxReceipt": "belongs to one row of the outbox, which has its house",
    "foundation.EnginePosition": "one row an engine, which serves houses",
    "foundation.EngineEventAside": "an event that could not be read: its house is not known",
    "foundation.SignOfLife": "one row a process, which serves every house",
    "foundation.WrongPassword": "the user name that was tried may be nobody's",
}


def tables():
    return [model for model in apps.get_models() if model.__module__.startswith("permanence.")]


def room(model):
    return model.__module__.split(".")[1]


def links():
    return [field for model in tables() for field in model._meta.get_fields() if isinstance(field, models.ForeignKey)]


def named(field):
    return f"{field.model._meta.label}.{field.name}"


def test_foreign_keys_point_upstream_or_stay_in_the_room():
    assert len(links()) > 20
    down = [
        f"{named(field)} -> {field.related_model._meta.label}"
        for field in links()
        if room(field.model) != room(field.related_model)
        and HEIGHT[room(field.related_model)] >= HEIGHT[room(field.model)]
    ]
    assert down == []


def test_foreign_keys_have_no_way_back():
    assert [named(field) for field in links() if not field.remote_field.hidden] == []


def test_every_row_carries_its_house():
    without = {
        model._meta.label for model in tables() if "house" not in {field.name for field in model._meta.get_fields()}
    }
    assert without == set(WITHOUT_HOUSE)


@pytest.mark.parametrize(("upper", "lower"), [("calls", "staff"), ("dispatch", "messaging"), ("clients", "foundation")])
def test_the_heights_are_those_of_the_layers(upper, lower):
    assert HEIGHT[upper] > HEIGHT[lower]
