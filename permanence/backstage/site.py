# SPDX-License-Identifier: AGPL-3.0-or-later
"""The back office's site and its application."""

from django.apps import AppConfig
from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class BackstageConfig(AppConfig):
    """The room as Django knows it."""

    name = "permanence.backstage"
    verbose_name = _("Back office")


class BackstageSite(AdminSite):
    """Django's admin under the house's name."""

    site_header = _("Back office")
    site_title = _("Back office")
    index_title = _("The house")


site = BackstageSite(name="backstage")
