# SPDX-License-Identifier: AGPL-3.0-or-later
"""An hour in a German sentence is written as in a column: 14:05 (DIN 5008)."""

SENTENCE_TIME_FORMAT = "H:i"
SENTENCE_FULL_HOUR_FORMAT = "H:i"
