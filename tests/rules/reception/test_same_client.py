# SPDX-License-Identifier: AGPL-3.0-or-later
"""A call is for the client whose line was dialled when the INVITE came, whatever becomes of line, account and card."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from permanence.reception.decisions import Connect, Offer
from permanence.reception.table import ClientSlice, RecipientEntry, RoutingTable
from tests.rules.reception.house import AOIFE, CLAIRE, DUPONT, HOUSE, WEBER, Desk, client, house_slice

WEBERS = (RecipientEntry(id="1", name="Dr Weber"),)
DUPONTS = (RecipientEntry(id="2", name="Dr Dupont"), RecipientEntry(id="3", name="Dr Lemaire"))
LINE = "+352199010"


def account(number: str, version: int, **more: Any) -> ClientSlice:
    recipients = WEBERS if number == WEBER else DUPONTS
    return replace(client(number, recipients=recipients), version=version, **more)


def moved(table: RoutingTable) -> RoutingTable:
    """The line goes from Dr Weber to the cabinet Dupont."""
    return table.put(account(DUPONT, 2, lines=(LINE,))).put(account(WEBER, 2, lines=()))


def given_away(table: RoutingTable) -> RoutingTable:
    return table.put(account(DUPONT, 2, lines=(LINE,)))


def withdrawn(table: RoutingTable) -> RoutingTable:
    return table.without(HOUSE, WEBER)


def suspended(table: RoutingTable) -> RoutingTable:
    return table.put(account(WEBER, 2, state="suspended"))


acts = st.lists(
    st.sampled_from(["moved", "given_away", "withdrawn", "suspended", "decline", "lost", "wait"]), max_size=8
)
CHANGES = {"moved": moved, "given_away": given_away, "withdrawn": withdrawn, "suspended": suspended}


@given(acts=acts)
def test_no_card_shows_another_clients_recipients(acts: list[str]) -> None:
    desk = Desk(
        house_slice({CLAIRE: ("fr",), AOIFE: ("fr",)}), account(WEBER, 1, lines=(LINE,)), account(DUPONT, 1, lines=())
    )
    for secretary in (CLAIRE, AOIFE):
        desk.do("seat_connected", secretary, f"seat-{secretary}")
        desk.do("line_state", secretary, up=True)
        desk.do("ready", secretary)
    found = desk.table.client_of(LINE)
    assert found is not None
    desk.do("call_arrived", "c", client=found.client, called_line=LINE, trunk="carrier")
    for act in acts:
        ringing = next((one for one in (CLAIRE, AOIFE) if desk.reception.offer_to(one) is not None), None)
        if act in CHANGES:
            desk.table = CHANGES[act](desk.table)
            desk.keep(desk.reception.table_changed(desk.table, at=desk.at))
        elif act == "wait":
            desk.forward(5)
        elif ringing is not None and act == "decline":
            desk.do("decline", ringing, "c")
        elif ringing is not None:
            desk.do("line_state", ringing, up=False)
    ringing = next((one for one in (CLAIRE, AOIFE) if desk.reception.offer_to(one) is not None), None)
    if ringing is not None:
        desk.do("answer", ringing, "c")
    cards = [each.card for each in desk.decisions if isinstance(each, Offer | Connect)]
    assert cards
    for card in cards:
        assert card.client in {WEBER, None}
        assert card.form.recipients in {WEBERS, ()}
    assert {event.client for event in desk.events if hasattr(event, "client")} == {WEBER}
