# SPDX-License-Identifier: AGPL-3.0-or-later
"""What becomes of an SMS that did not reach its patient: a reminder or a late notice is a secretary's."""

from permanence.dispatch import unreached_operations
from permanence.dispatch.events import SmsFailed
from permanence.kernel.events import Event


def on_sms_failed(_event_id: str, event: Event) -> None:
    """A secretary telephones whom a reminder or a late notice did not reach. Idempotent by SMS."""
    if not isinstance(event, SmsFailed):
        raise TypeError(f"expected SmsFailed, heard {type(event).__name__}")
    unreached_operations.sms_failed(house=event.house, sms=event.sms, at=event.at)
