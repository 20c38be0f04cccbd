# SPDX-License-Identifier: AGPL-3.0-or-later
"""Django's settings under test: no data folder (the fixtures give each test its own), fast password hashes."""

import tempfile
from pathlib import Path

from permanence.project.settings import *  # noqa: F403 - the settings under test are the settings
from permanence.project.settings import PERMANENCE as _REAL
from permanence.project.settings import database

PERMANENCE = _REAL.changed(
    data=Path(tempfile.gettempdir()) / "permanence-no-data",
    run=Path(tempfile.gettempdir()) / "permanence-no-data" / "run",
)
DEMONSTRATION = True
SECRET_KEY = "only for the tests"  # noqa: S105 - opens nothing
DATABASES = {"default": database(PERMANENCE)}
if not PERMANENCE.database_url:
    DATABASES["default"]["NAME"] = ":memory:"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
WHITENOISE_USE_FINDERS = False
WHITENOISE_AUTOREFRESH = True
LOGGING = {}
