# SPDX-License-Identifier: AGPL-3.0-or-later
"""An hour in a French sentence: 14 h 05, 8 h, with no-break spaces (Imprimerie nationale). Columns keep figures."""

SENTENCE_TIME_FORMAT = "G\u00a0\\h\u00a0i"
SENTENCE_FULL_HOUR_FORMAT = "G\u00a0\\h"
