# SPDX-License-Identifier: AGPL-3.0-or-later
"""The room as Django knows it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    """The room's name on the screens of the back office."""

    name = "permanence.privacy"
    verbose_name = _("Files of patients")
