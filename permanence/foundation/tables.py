# SPDX-License-Identifier: AGPL-3.0-or-later
"""All tables of a room in one step of its first migration, which a first start waits for (ADR 0013).

After each `CreateModel` Django makes the classes of every model anew that is related to the new one, which here are
nearly all: the time grows with the square of the tables. Told to the state together, the models of a room are made
into classes once.
"""

from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState


class CreateTables(Operation):
    """As these `CreateModel` one after the other."""

    category = OperationCategory.ADDITION

    def __init__(self, tables: Sequence[CreateModel]) -> None:
        self.tables = tables

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Tells the models; the classes, where there are any yet, are made at the next look at them."""
        state.__dict__.pop("apps", None)  # a cached property; Django's `clear_delayed_apps_cache` does the same
        for table in self.tables:
            table.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Makes the tables."""
        for table in self.tables:
            table.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Drops them, the last one first."""
        for table in reversed(self.tables):
            table.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        """For `migrate --plan`."""
        return f"Create {len(self.tables)} tables"
