# SPDX-License-Identifier: AGPL-3.0-or-later
"""A house of more agendas than stand side by side: nobody is left out of a day without a word."""

import pytest

from permanence.agenda.models import Agenda
from permanence.console import agenda_days
from permanence.kernel.system import SystemClock
from tests.rooms.agenda_cast import make_agenda_cast
from tests.rooms.test_console_agenda import GRID, PARIS, page

pytestmark = pytest.mark.django_db
PAPER = f"{GRID}/paper"
ONE_LEFT = "1 autre agenda n’est pas montré ici. Choisissez un client à gauche pour voir les siens."
TWO_LEFT = "2 autres agendas ne sont pas montrés ici. Choisissez un client à gauche pour voir les siens."
OF_ONE = "1 autre agenda de ce client n’est pas montré ici\u202f; ses créneaux libres sont cherchés quand même."


@pytest.fixture
def cast():
    return make_agenda_cast()


@pytest.fixture
def asked():
    return {"day": SystemClock().now().astimezone(PARIS).date().isoformat()}


def most(monkeypatch, number):
    monkeypatch.setattr(agenda_days, "MOST_LANES", number)


def test_a_day_of_all_clients_says_how_many_agendas_it_leaves_out(cast, browser_of, asked, monkeypatch):
    browser = browser_of(cast.claire)
    most(monkeypatch, 3)
    assert "montré" not in page(browser, GRID, **asked)
    most(monkeypatch, 2)
    for path, more in ((GRID, {}), (GRID, {"view": "list"}), (PAPER, {}), (PAPER, {"view": "list"})):
        text = page(browser, path, **asked, **more)
        assert ONE_LEFT in text, (path, more)
        assert "Dr Weber" not in text
    most(monkeypatch, 1)
    assert TWO_LEFT in page(browser, GRID, **asked)
    Agenda.objects.filter(pk=cast.weber_agenda).update(active=False)
    assert ONE_LEFT in page(browser, GRID, **asked)


def test_a_client_of_too_many_agendas_is_told_that_his_free_times_are_those_of_all(
    cast, browser_of, asked, monkeypatch
):
    browser = browser_of(cast.claire)
    most(monkeypatch, 2)
    assert "montré" not in page(browser, GRID, client=cast.cabinet.id, **asked)
    most(monkeypatch, 1)
    text = page(browser, GRID, client=cast.cabinet.id, **asked)
    assert OF_ONE in text
    assert "Choisissez un client" not in text
    assert "montré" not in page(browser, GRID, view="week", agenda=cast.lemaire, **asked)
