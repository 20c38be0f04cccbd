# SPDX-License-Identifier: AGPL-3.0-or-later
"""The usual reasons of each trade can be made, in every language, and no two of one trade are called alike."""

import pytest

from permanence.agenda.rules.kinds import Asker, Way
from permanence.agenda.rules.usual import LANGUAGES, Trade, usual_reasons


@pytest.mark.parametrize("trade", list(Trade))
def test_every_trade_has_reasons_in_every_language(trade):
    rows = {language: usual_reasons(trade, language=language, client="1") for language in LANGUAGES}
    lengths = {tuple((each.minutes, each.minutes_new, each.way) for each in found) for found in rows.values()}
    assert len(lengths) == 1
    for found in rows.values():
        names = [each.name for each in found]
        assert len(set(names)) == len(names)
        assert all(each.client == "1" and not each.id and Asker.SECRETARY in each.bookable_by for each in found)
    assert bool(rows["fr"]) is (trade is not Trade.NONE)


def test_a_doctor_begins_with_a_longer_visit_for_new_patients_and_names_in_his_language():
    first = usual_reasons(Trade.DOCTOR, language="de", client="1")[0]
    assert (first.name, first.minutes, first.minutes_new) == ("Sprechstunde", 15, 30)
    assert {each.way for each in usual_reasons(Trade.DOCTOR, language="xx", client="1")} == set(Way)
    assert usual_reasons(Trade.DOCTOR, language="xx", client="1")[0].name == "Consultation"
