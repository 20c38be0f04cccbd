# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first step of a room makes what its old migrations made, and every house that began with those goes on."""

import pytest
from django.db import connection, models
from django.db.migrations import CreateModel
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from permanence.foundation.tables import CreateTables

APART = MigrationLoader(None, replace_migrations=False)
"""Every migration by itself, none in the place of others."""
FIRST_STEPS = {key: tuple(each.replaces) for key, each in APART.disk_migrations.items() if each.replaces}
"""What each first step stands for, oldest first."""
STEP_OF = {old: step for step, replaced in FIRST_STEPS.items() for old in replaced}
ROOMS = {room for room, _name in FIRST_STEPS}


def test_each_of_the_nine_rooms_with_tables_has_one_and_each_old_migration_is_there():
    assert len(ROOMS) == len(FIRST_STEPS) == 9
    assert len(STEP_OF) == 69
    assert set(STEP_OF) < set(APART.disk_migrations)


@pytest.mark.parametrize("step", sorted(FIRST_STEPS), ids=lambda step: step[0])
def test_it_tells_the_same_models_as_the_migrations_it_stands_for(step):
    """By Django's own comparison of states: fields, options, indexes, constraints; and the fields in their order."""

    def told(last):
        known = APART.project_state([last]).models
        return {key: ([*model.fields], model) for key, model in known.items() if key[0] == step[0]}

    assert told(step) == told(FIRST_STEPS[step][-1])


class TestAnyHouse(TestCase):
    """Whatever of the old migrations a house has, `migrate` goes on from there."""

    @settings(max_examples=50)
    @given(st.sets(st.sampled_from(sorted(STEP_OF)), max_size=12))
    @example(set(STEP_OF))
    def test_a_room_that_began_gets_the_rest_of_the_old_ones_and_another_its_first_step(self, wanted):
        done = {each for key in wanted for each in APART.graph.forwards_plan(key)}
        recorder = MigrationRecorder(connection)
        recorder.migration_qs.all().delete()
        for room, name in done:
            recorder.record_applied(room, name)
        executor = MigrationExecutor(connection)
        executor.loader.check_consistent_history(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        place = {(each.app_label, each.name): number for number, (each, _backwards) in enumerate(plan)}

        expected = set()
        for step, replaced in FIRST_STEPS.items():
            left = set(replaced) - done
            expected |= {step} if left == set(replaced) else left
        assert place.keys() & (STEP_OF.keys() | FIRST_STEPS.keys()) == expected
        for key in expected:
            for before in APART.disk_migrations[key].dependencies:
                assert place.get(before, place.get(STEP_OF.get(before), -1)) < place[key]


@pytest.mark.django_db(transaction=True)
def test_tables_are_made_and_dropped_together_and_their_classes_are_made_once():
    one = CreateModel("TablesOne", [("id", models.BigAutoField(primary_key=True))])
    two = CreateModel(
        "TablesTwo", [*one.fields, ("one", models.ForeignKey("foundation.TablesOne", models.CASCADE, related_name="+"))]
    )
    names = {"foundation_tablesone", "foundation_tablestwo"}
    both, before, after = CreateTables([one, two]), ProjectState(), ProjectState()
    assert not list(after.apps.get_models())
    both.state_forwards("foundation", after)
    assert "apps" not in vars(after)
    with connection.schema_editor() as editor:
        both.database_forwards("foundation", editor, before, after)
    assert names <= set(connection.introspection.table_names())
    with connection.schema_editor() as editor:
        both.database_backwards("foundation", editor, after, before)
    assert not names & set(connection.introspection.table_names())
