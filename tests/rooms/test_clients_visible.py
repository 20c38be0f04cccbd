# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whom of a few clients somebody sees is what all those whom he sees say."""

from dataclasses import replace

from permanence.clients.models import Client
from permanence.clients.queries import clients_visible_to
from permanence.clients.visible import visible_among


def test_of_a_few_as_of_all(cast):
    every = [*Client.objects.order_by("-pk").values_list("pk", flat=True), 10**12, -1]
    chosen = replace(cast.claire, clients=frozenset({cast.weber, cast.other_client}))
    for who in (*cast.everybody, cast.nadia, chosen):
        may = clients_visible_to(who)
        assert may
        assert visible_among(who, every) == [key for key in every if str(key) in may]
        assert visible_among(who, []) == []
    assert visible_among(chosen, every) == [int(cast.weber)]
