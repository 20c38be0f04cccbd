# SPDX-License-Identifier: AGPL-3.0-or-later
"""She works in another tab: a call still rings, in every way it can, and is answered (`bench hidden`: ten minutes)."""

from pathlib import Path

import pytest

from permanence.project import demo_cast as cast
from tests.screens import voices
from tests.screens.hidden import call_into_hidden, hidden_behind, sit_down, two_tabs
from tests.screens.whole_house import WholeHouse

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_call_rings_in_a_hidden_tab_and_is_answered(house: WholeHouse, tmp_path: Path) -> None:
    voice = voices.write_wav(tmp_path / "secretary.wav", voices.built_in("en/voice-secretary"), rate=48000)
    async with two_tabs(house.site, voice) as (console, other):
        await sit_down(console, house.site, cast.AOIFE)
        await hidden_behind(console, other)
        found = await call_into_hidden(house, console, tmp_path / "caller.wav")
    assert found.faults() == []
