# SPDX-License-Identifier: AGPL-3.0-or-later
"""One constraint for both databases: of the rows that share some fields, no two spans overlap.

Spans are half-open, so one may begin when another ends. PostgreSQL keeps it by `EXCLUDE USING gist` (the migration that
first uses it begins with `BtreeGistExtension`), SQLite by a trigger before each insert and one before each update.
SQLite rebuilds a table to change it and thereby drops its triggers: `restore` makes them again after every `migrate`.
A row with NULL in one of the shared fields overlaps with nothing.
"""

from collections.abc import Sequence
from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.utils import IntegrityError

MARK = "no overlap: "
"""Begins what SQLite says of a violation; the constraint's name follows."""


class NoOverlap(models.BaseConstraint):
    """Of the rows with the same `within` (names of fields), no two have overlapping [`starts`, `ends`).

    `numbers`: two fields of whole numbers, a second half-open range that must overlap too, () for none. `only`: the
    boolean field that must be true for a row to count, "" for all rows. `shared`: the field of positive keys that lets
    those rows overlap in which it is the same; a row with NULL in it shares with none. "" where nothing is shared.
    """

    def __init__(
        self,
        *,
        name: str,
        starts: str,
        ends: str,
        within: Sequence[str],
        numbers: Sequence[str] = (),
        only: str = "",
        shared: str = "",
        **messages: Any,
    ) -> None:
        super().__init__(name=name, **messages)
        self.starts, self.ends, self.only, self.shared = starts, ends, only, shared
        self.within, self.numbers = tuple(within), tuple(numbers)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields it looks at."""
        named = [each for each in (self.only, self.shared) if each]
        return (self.starts, self.ends, *self.within, *self.numbers, *named)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        """How a migration writes it."""
        path, arguments, named = super().deconstruct()
        fields = {"starts": self.starts, "ends": self.ends, "within": self.within, "only": self.only}
        more = {"shared": self.shared} if self.shared else {}  # what was written before there was any stays the same
        return path, arguments, {**named, **fields, "numbers": self.numbers, **more}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NoOverlap):
            return NotImplemented
        return self.deconstruct() == other.deconstruct()

    def constraint_sql(self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        """The part of CREATE TABLE; "" where triggers keep it."""
        if model is None or schema_editor is None or schema_editor.connection.vendor == "sqlite":
            return ""
        return f"CONSTRAINT {schema_editor.quote_name(self.name)} {self._exclude(model)}"

    def create_sql(self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        """What adds it to a table that is there; "" where triggers keep it."""
        part = self.constraint_sql(model, schema_editor)
        return f'ALTER TABLE "{model._meta.db_table}" ADD {part}' if part and model is not None else ""

    def remove_sql(self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        """What takes it away again; "" on SQLite, where the rebuilt table has no trigger."""
        part = self.constraint_sql(model, schema_editor)
        return (
            f'ALTER TABLE "{model._meta.db_table}" DROP CONSTRAINT "{self.name}"' if part and model is not None else ""
        )

    def validate(
        self,
        model: type[models.Model],
        instance: models.Model,
        exclude: Any = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        """For forms: raises ValidationError where the database would refuse. A field left out of the form: nothing."""
        same = {name: getattr(instance, _field(model, name).attname) for name in self.within}
        ranges = {name: getattr(instance, name) for name in (self.starts, self.ends, *self.numbers)}
        unset = None in ranges.values() or None in same.values()
        if set(self.fields) & set(exclude or ()) or unset or (self.only and not getattr(instance, self.only)):
            return
        rows = model._default_manager.using(using).filter(**same)
        for begin, end in self._ranges:
            rows = rows.filter(**{f"{begin}__lt": ranges[end], f"{end}__gt": ranges[begin]})
        if self.only:
            rows = rows.filter(**{self.only: True})
        together = getattr(instance, _field(model, self.shared).attname) if self.shared else None
        if together is not None:
            rows = rows.exclude(**{self.shared: together})
        if rows.exclude(pk=instance.pk).exists():
            raise ValidationError(self.get_violation_error_message(), code=self.violation_error_code)

    @property
    def _ranges(self) -> list[tuple[str, str]]:
        pair = self.numbers
        return [(self.starts, self.ends), *([(pair[0], pair[1])] if pair else [])]

    def triggers(self, model: type[models.Model]) -> dict[str, str]:
        """SQLite's triggers by name."""
        columns = ", ".join(_column(model, name) for name in self.fields)
        return {
            f"{self.name}_insert": self._trigger(model, f"{self.name}_insert", "INSERT"),
            f"{self.name}_update": self._trigger(model, f"{self.name}_update", f"UPDATE OF {columns}"),
        }

    def _trigger(self, model: type[models.Model], name: str, event: str) -> str:
        table, key = f'"{model._meta.db_table}"', _column(model, "pk")
        clauses = [f"{column} = NEW.{column}" for column in (_column(model, each) for each in self.within)]
        for begin, end in ((_column(model, begin), _column(model, end)) for begin, end in self._ranges):
            clauses += [f"{begin} < NEW.{end}", f"{end} > NEW.{begin}"]
        if self.shared:
            shared = _column(model, self.shared)
            clauses.append(f"({shared} IS NULL OR NEW.{shared} IS NULL OR {shared} <> NEW.{shared})")
        when = ""
        if self.only:
            clauses.append(_column(model, self.only))
            when = f"WHEN NEW.{_column(model, self.only)} "
        if event != "INSERT":
            clauses.append(f"{key} <> OLD.{key}")
        clash = f"SELECT 1 FROM {table} WHERE {' AND '.join(clauses)}"  # noqa: S608 - names from the models alone
        return (
            f'CREATE TRIGGER "{name}" BEFORE {event} ON {table} FOR EACH ROW {when}BEGIN '
            f"SELECT RAISE(ABORT, '{MARK}{self.name}') WHERE EXISTS ({clash}); END"
        )

    def _exclude(self, model: type[models.Model]) -> str:
        same = ", ".join(f"{_column(model, name)} WITH =" for name in self.within)
        span = f"tstzrange({_column(model, self.starts)}, {_column(model, self.ends)}, '[)')"
        numbers = ""
        if self.numbers:
            numbers = f", int4range({', '.join(_column(model, name) for name in self.numbers)}) WITH &&"
        shared = ""
        if self.shared:
            own = f"-{_column(model, 'pk')}"  # who shares with none differs from everybody
            shared = f", (COALESCE({_column(model, self.shared)}, {own})) WITH <>"
        where = f" WHERE ({_column(model, self.only)})" if self.only else ""
        return f"EXCLUDE USING gist ({same}, {span} WITH &&{numbers}{shared}){where}"


def _column(model: type[models.Model], field: str) -> str:
    return f'"{_field(model, field).column}"'


def _field(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    return next(
        each for each in model._meta.concrete_fields if each.name == name or (name == "pk" and each.primary_key)
    )


def restore(*, using: str = DEFAULT_DB_ALIAS, apps: Apps = installed, app_label: str | None = None) -> int:
    """Make SQLite's triggers as the models say; gives how many had to be made. Nothing to do on PostgreSQL."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return 0
    there = _there(connection)
    made = 0
    for model in apps.get_models():
        if app_label not in {None, model._meta.app_label} or model._meta.db_table not in there:
            continue
        for constraint in model._meta.constraints:
            if isinstance(constraint, NoOverlap):
                made += _make(connection, constraint.triggers(model), there)
    return made


def _there(connection: BaseDatabaseWrapper) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'trigger')")
        return dict(cursor.fetchall())


def _make(connection: BaseDatabaseWrapper, wanted: dict[str, str], there: dict[str, str]) -> int:
    made = 0
    with connection.cursor() as cursor:
        for name, sql in wanted.items():
            if there.get(name) == sql:
                continue
            if name in there:
                cursor.execute(f'DROP TRIGGER "{name}"')
            cursor.execute(sql)
            made += 1
    return made


def after_migrate(*, using: str, app_config: Any, apps: Apps = installed, **_more: Any) -> None:
    """Hears Django's `post_migrate`, once a room."""
    restore(using=using, apps=apps, app_label=app_config.label)


def violated(error: IntegrityError) -> str:
    """The name of the constraint of this kind that an error of the database speaks of; "" when it is another one."""
    cause = error.__cause__
    diagnosis = getattr(cause, "diag", None)
    if diagnosis is not None:
        return str(diagnosis.constraint_name or "") if getattr(cause, "sqlstate", "") == EXCLUSION_VIOLATION else ""
    said = str(error)
    return said.removeprefix(MARK) if said.startswith(MARK) else ""


EXCLUSION_VIOLATION = "23P01"
"""PostgreSQL's SQLSTATE (its manual, appendix A)."""
