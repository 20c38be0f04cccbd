# SPDX-License-Identifier: AGPL-3.0-or-later
"""How web and worker write their log: one line an entry, and never a row of the database.

PostgreSQL explains a refused row by showing it ("DETAIL: Failing row contains (...)"): callers' names and numbers.
"""

import logging
import re

_ROW = re.compile(r"(DETAIL|CONTEXT):.*?(?=\n|$)")


class WithoutRows(logging.Formatter):
    """The formatter: of what the database says only the sentence stays."""

    def format(self, record: logging.LogRecord) -> str:
        """The entry, its traceback included, without the rows."""
        return _ROW.sub(r"\1: (left out)", super().format(record))
