# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the tests stand on: houses laid down again are those that the operations made; ports belong to one process."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from permanence.foundation.models import House, Person
from tests import processes
from tests.rooms.agenda_cast import make_agenda_cast
from tests.rooms.conftest import both_houses
from tests.rooms.messaging_cast import make_cast
from tests.rooms.remembered import remembered, rows_of_tables

ROOT = Path(__file__).resolve().parents[2]
PORT = "from tests.processes import free_port, own_thousand; print(free_port(), own_thousand()[0])"


def undone(make):
    """What was made, and every row that stood then; nothing of it stands any more."""
    with transaction.atomic():
        found = make(), rows_of_tables()
        transaction.set_rollback(True)
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("maker", [make_cast, make_agenda_cast, both_houses], ids=lambda each: each.__name__)
def test_what_is_laid_down_is_what_the_operations_made(maker):
    again = remembered(replace)(maker.__wrapped__)
    before = rows_of_tables()
    made, kept = undone(again)
    laid, found = undone(again)
    assert (laid, found) == (made, kept)
    assert kept.keys() > before.keys()
    assert {"foundation_house", "foundation_person", "clients_client", "foundation_auditentry"} <= kept.keys()
    assert rows_of_tables() == before


@pytest.mark.django_db
def test_what_one_test_changes_is_not_laid_down_for_the_next():
    again = remembered(replace)(make_cast.__wrapped__)
    undone(again)
    with transaction.atomic():
        Person.objects.filter(pk=again().claire.person_key).update(name="Somebody else")
        transaction.set_rollback(True)
    assert Person.objects.get(pk=again().claire.person_key).name == "Claire"


@pytest.mark.django_db
def test_what_comes_after_has_keys_of_its_own():
    again = remembered(replace)(make_cast.__wrapped__)
    undone(again)
    laid = again()
    last = max(Person.objects.values_list("pk", flat=True))
    assert Person.objects.create(house_id=laid.claire.house_key, email="new@centre.example", name="New").pk > last


@pytest.mark.django_db
def test_beside_a_house_the_maker_works_as_ever():
    made = []

    @remembered(replace)
    def maker():
        made.append(len(made))
        return make_cast.__wrapped__()

    undone(maker)
    undone(maker)
    assert made == [0]
    House.objects.create(slug="first", name="First", language="fr", country="LU", time_zone="Europe/Luxembourg")
    undone(maker)
    assert made == [0, 1]


@pytest.mark.django_db
def test_a_maker_that_changes_what_stood_is_not_remembered():
    def maker():
        ContentType.objects.filter(app_label="foundation", model="house").update(model="hovel")

    with pytest.raises(AssertionError, match="stood already"):
        undone(remembered(lambda nothing: nothing)(maker))


def test_two_processes_of_tests_never_take_the_same_ports():
    ours = processes.own_thousand()
    told = subprocess.run([sys.executable, "-c", PORT], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    port, first = map(int, told.split())
    assert port in range(first, first + len(ours))
    assert first not in ours


def test_a_port_is_not_given_again_soon():
    given = [processes.free_port() for _ in range(100)]
    assert len(set(given)) == 100
    assert set(given) <= set(processes.own_thousand())
