# SPDX-License-Identifier: AGPL-3.0-or-later
"""How web and worker write their log: one line an entry, never a row of the database, never a link that opens.

PostgreSQL explains a refused row by showing it ("DETAIL: Failing row contains (...)"): callers' names and numbers.
"""

import logging
import re

_LINK = re.compile(r"(/invitation/|/r/|/calendars/|/hooks/sms/|/rdv/[^/\s'\"]+/(?:form|visit)/)[^\s'\"]+")
_ROW = re.compile(r"(DETAIL|CONTEXT):.*?(?=\n|$)")


class WithoutRows(logging.Formatter):
    """The formatter: of what the database says only the sentence stays, of a link only whereto."""

    def format(self, record: logging.LogRecord) -> str:
        """The entry, its traceback included, without the rows and the links."""
        return _LINK.sub(r"\1(left out)", _ROW.sub(r"\1: (left out)", super().format(record)))
