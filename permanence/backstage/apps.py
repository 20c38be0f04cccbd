# SPDX-License-Identifier: AGPL-3.0-or-later
"""The room as Django knows it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BackstageConfig(AppConfig):
    """The back office."""

    name = "permanence.backstage"
    verbose_name = _("Back office")
