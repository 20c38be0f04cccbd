# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which provider the house uses: the one of `keys/sms.json`; in a demonstration without one, its own on loopback.

A house without the file sends no SMS, and opens no door for them.
"""

import logging

from django.conf import settings

from permanence.dispatch.channels.sms.provider import FILE, DescriptionWrong, Provider, read_provider

log = logging.getLogger(__name__)

DEMONSTRATION_FILE = "provider.json"
"""In the folder `sms` of a demonstration's data: how its own provider is spoken to."""
SIZE_LIMIT = 64 * 1024


def provider() -> Provider | None:
    """The provider as it is described now; None where SMS are off. Raises DescriptionWrong, OSError."""
    path = settings.PERMANENCE.data / "keys" / FILE
    if not path.exists() and settings.DEMONSTRATION and not settings.PERMANENCE.is_seen_from_elsewhere:
        path = settings.PERMANENCE.data / "sms" / DEMONSTRATION_FILE
    if not path.exists():
        return None
    with path.open(encoding="utf-8") as file:
        return read_provider(file.read(SIZE_LIMIT))


def usable_provider() -> Provider | None:
    """As `provider`, and None where the description cannot be used: that is said in the log and by `./run doctor`, and
    what was to go by SMS goes another way meanwhile.
    """
    try:
        return provider()
    except (DescriptionWrong, OSError) as error:
        log.warning("keys/sms.json cannot be used: %s", error)
        return None


def hook(found: Provider) -> str:
    """The address at which the provider tells us of receipts and answers."""
    return f"{settings.PERMANENCE.web_url}/hooks/sms/{found.secret}"
