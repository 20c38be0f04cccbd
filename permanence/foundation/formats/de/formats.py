# SPDX-License-Identifier: AGPL-3.0-or-later
"""An hour in a German sentence: 14:05 Uhr (DIN 5008), with a no-break space. Columns keep figures."""

SENTENCE_TIME_FORMAT = "H:i\u00a0\\U\\h\\r"
SENTENCE_FULL_HOUR_FORMAT = "H:i\u00a0\\U\\h\\r"
