# SPDX-License-Identifier: AGPL-3.0-or-later
"""Django's settings."""

SECRET_KEY = "unset"  # noqa: S105
INSTALLED_APPS: list[str] = []
USE_TZ = True
