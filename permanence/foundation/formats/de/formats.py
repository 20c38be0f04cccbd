# SPDX-License-Identifier: AGPL-3.0-or-later
"""An hour in a German sentence: 14:05 Uhr (DIN 5008), with a no-break space.

Columns keep figures. Days: `foundation.dates`.
"""

SENTENCE_TIME_FORMAT = "H:i\u00a0\\U\\h\\r"
SENTENCE_FULL_HOUR_FORMAT = "H:i\u00a0\\U\\h\\r"
NAMED_DAY_FORMAT = "l, j. F"
NAMED_DATE_FORMAT = "l, j. F Y"
SHORT_DAY_FORMAT = "j. N Y"
SHORT_NAMED_DAY_FORMAT = "D., j. N"
SHORT_NAMED_DATE_FORMAT = "D., j. N Y"
COLUMN_DAY_FORMAT = "D., j."
NAMED_FIGURES_FORMAT = "D., d.m.Y"
