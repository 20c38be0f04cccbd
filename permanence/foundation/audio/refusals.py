# SPDX-License-Identifier: AGPL-3.0-or-later
"""How much a recorded announcement may hold, and why a file cannot be made one."""

from permanence.kernel.refusals import Refusal

LARGEST = 10_000_000
"""Bytes of a file. The site takes no body above 10 MiB (`project.bridge`), so that this much is never passed unseen."""
LONGEST_S = 60
"""Seconds of a file."""

TOO_LARGE, NOT_AUDIO, DAMAGED, TOO_LONG, TOO_SHORT, SILENT = (
    *("audio_too_large", "audio_unknown", "audio_damaged"),
    *("audio_too_long", "audio_too_short", "audio_silent"),
)
BUSY = "audio_busy"
CODES = frozenset({TOO_LARGE, NOT_AUDIO, DAMAGED, TOO_LONG, TOO_SHORT, SILENT, BUSY})


class AudioRefused(Refusal):
    """`code` is one of this module."""

    def __init__(self, code: str, why: str = "") -> None:
        super().__init__(why or code)
        self.code = code
