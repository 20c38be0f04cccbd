# SPDX-License-Identifier: AGPL-3.0-or-later
"""Wherever it is shown what the secretary will see, the instructions stand as on her card."""

from datetime import timedelta

import pytest

from permanence.clients import operations, queries
from permanence.clients.said import slice_of, what_is_said
from permanence.kernel.system import SystemClock
from permanence.reception.card import CallerShown, build_card
from permanence.reception.table import HouseSlice, SecretaryEntry
from tests.rooms.test_portal_line import text_of

HOUR = timedelta(hours=1)
LATER = "Pendant les vacances"


@pytest.fixture
def now():
    return SystemClock().now()


@pytest.fixture
def texts(cast, now):
    """What Dr Weber's card shows from above: of one weight the latest first, written here the other way round."""
    given = {"client": cast.weber, "author": cast.dr_weber.person, "by": cast.marc}
    for number, priority in enumerate((0, 2, 0, 2)):
        operations.write_instruction(
            **given, text=f"Consigne {number}.", priority=priority, at=now - HOUR + number * HOUR / 10
        )
    operations.write_instruction(**given, text=LATER, priority=9, starts_at=now + 24 * HOUR, at=now)
    return words(card_of(cast, now).instructions)


def card_of(cast, now):
    file = queries.client_file(house=cast.house, client=cast.weber, at=now)
    return build_card(
        slice_of(file, house=cast.house, version=1),
        HouseSlice(house=cast.house, version=1, name="", language="fr", secretaries=(), trunks=()),
        SecretaryEntry(id="1", name="Claire", languages=("fr",)),
        caller=CallerShown(),
        called_line=file.lines[0],
        at=now,
    )


def words(entries):
    """The first line of each, as a page has it."""
    return tuple(" ".join(entry.text.splitlines()[0].split()) for entry in entries)


def order_on(answer, texts):
    page = text_of(answer)
    page = page[max(page.find("Ce que la secrétaire verra"), 0) :]
    places = [(page.find(text), text) for text in texts]
    assert -1 not in {place for place, _text in places}
    return [text for _place, text in sorted(places)]


def test_every_page_has_the_order_of_the_card(cast, browser_of, texts, now):
    dr_weber, marc = browser_of(cast.dr_weber), browser_of(cast.marc)
    expected = [*(each for each in texts if each != LATER), LATER]
    assert expected.index("Consigne 3.") < expected.index("Consigne 1.") < expected.index("Consigne 2.")
    for browser, path in (
        (dr_weber, f"/portal/line/{cast.weber}"),
        (marc, f"/backstage/clients/client/{cast.weber}/change/"),
    ):
        assert order_on(browser.get(path), expected) == expected, path
    looked = dr_weber.post(
        f"/portal/line/{cast.weber}/instructions/new", {"text": "Ma consigne.", "step": "check", "version": "0"}
    )
    assert order_on(looked, expected) == expected
    found = what_is_said(house=cast.house, client=cast.weber, line="", at=now)
    assert words(found.instructions) == texts
