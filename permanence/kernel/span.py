# SPDX-License-Identifier: AGPL-3.0-or-later
"""Half-open ranges of time: `starts <= moment < ends`."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Span:
    """From `starts` (included) to `ends` (excluded); an open end is None. Both are timezone-aware."""

    starts: datetime | None
    ends: datetime | None

    def __post_init__(self) -> None:
        if self.starts is not None and self.ends is not None and self.ends < self.starts:
            raise ValueError("a span cannot end before it starts")

    def __contains__(self, at: datetime) -> bool:
        return (self.starts is None or self.starts <= at) and (self.ends is None or at < self.ends)
