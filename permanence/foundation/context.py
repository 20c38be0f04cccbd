# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def house(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001 - Django's signature
    """`demonstration`: whether this is the demonstration house, which says so on every page."""
    return {"demonstration": settings.DEMONSTRATION}
