# SPDX-License-Identifier: AGPL-3.0-or-later
"""The day before the month and 24 hours (Unicode CLDR, en-GB); the names are those of Django's format modules."""

DATE_FORMAT = "j F Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j F Y, H:i"
YEAR_MONTH_FORMAT = "F Y"
MONTH_DAY_FORMAT = "j F"
SHORT_DATE_FORMAT = "d/m/Y"
SHORT_DATETIME_FORMAT = "d/m/Y H:i"
FIRST_DAY_OF_WEEK = 1
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y"]
DATETIME_INPUT_FORMATS = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M"]
SENTENCE_TIME_FORMAT = "H:i"
SENTENCE_FULL_HOUR_FORMAT = "H:i"
NAMED_DAY_FORMAT = "l j F"
NAMED_DATE_FORMAT = "l j F Y"
SHORT_DAY_FORMAT = "j N Y"
SHORT_NAMED_DAY_FORMAT = "D j N"
SHORT_NAMED_DATE_FORMAT = "D j N Y"
COLUMN_DAY_FORMAT = "D j"
NAMED_FIGURES_FORMAT = "D d/m/Y"
