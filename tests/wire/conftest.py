# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the tests of the wire share."""

from pathlib import Path

import pytest

from tests.demonstration import prepared_demonstration


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """The data folder of the demonstration, prepared, to be copied."""
    return prepared_demonstration(tmp_path_factory, pytestconfig)
