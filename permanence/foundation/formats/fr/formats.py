# SPDX-License-Identifier: AGPL-3.0-or-later
"""An hour in a French sentence: 14 h 05, 8 h, with no-break spaces (Imprimerie nationale).

Columns keep figures. Days: `foundation.dates`.
"""

SENTENCE_TIME_FORMAT = "G\u00a0\\h\u00a0i"
SENTENCE_FULL_HOUR_FORMAT = "G\u00a0\\h"
NAMED_DAY_FORMAT = "l j F"
NAMED_DATE_FORMAT = "l j F Y"
SHORT_DAY_FORMAT = "j N Y"
SHORT_NAMED_DAY_FORMAT = "D. j N"
SHORT_NAMED_DATE_FORMAT = "D. j N Y"
COLUMN_DAY_FORMAT = "D. j"
NAMED_FIGURES_FORMAT = "D. d/m/Y"
