# SPDX-License-Identifier: AGPL-3.0-or-later
"""A fresh world for every story."""

import pytest

from tests.stories.world import World


@pytest.fixture
def world() -> World:
    return World()
