# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a country's clocks and callers are: its time zone, and the languages in which its callers are spoken to."""

TIME_ZONES = {"FR": "Europe/Paris", "LU": "Europe/Luxembourg", "IE": "Europe/Dublin"}
CALLERS_LANGUAGES = {"FR": ("fr",), "LU": ("fr", "de"), "IE": ("en",)}
"""The most usual one first."""
