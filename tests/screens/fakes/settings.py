# SPDX-License-Identifier: AGPL-3.0-or-later
"""The house's own settings with only the rooms the console's tests need."""

from permanence.project.settings import *  # noqa: F403 - the settings under test are the settings

ROOT_URLCONF = "tests.screens.fakes.site_urls"
