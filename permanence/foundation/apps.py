# SPDX-License-Identifier: AGPL-3.0-or-later
"""The room as Django knows it."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from permanence.foundation import no_overlap


class FoundationConfig(AppConfig):
    """The room's name on the screens of the back office."""

    name = "permanence.foundation"
    verbose_name = _("House and persons")

    def ready(self) -> None:
        """SQLite's rebuilt tables get their triggers back: the one signal of Django's that is heard."""
        post_migrate.connect(no_overlap.after_migrate, dispatch_uid="foundation.no_overlap")
