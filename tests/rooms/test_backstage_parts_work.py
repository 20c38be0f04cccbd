# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a client's page costs, in counts: templates drawn, form classes made, lists nobody looks at."""

from collections import Counter

import pytest
from django.forms import models as form_models
from django.template import Template
from django.test.signals import template_rendered

from permanence.backstage.parts import PARTS
from permanence.backstage.site import BackstageSite
from permanence.clients import operations
from permanence.kernel.system import SystemClock
from tests.rooms.test_backstage_parts import change, fill_up, marc  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
DRAWN_IN_PYTHON = {
    "django/forms/label.html", "django/forms/attrs.html", "django/forms/widgets/text.html",
    "django/forms/widgets/textarea.html", "django/forms/widgets/select.html", "django/forms/widgets/checkbox.html",
    "design/marked.html",
}  # fmt: skip


def drawn(browser, address):
    """The templates that a page draws, each as often as it does."""
    found: Counter[str] = Counter()

    def count(sender, template: Template, **_more):
        found[str(template.name)] += 1

    template_rendered.connect(count)
    try:
        assert browser.get(address).status_code == 200
    finally:
        template_rendered.disconnect(count)
    return found


@pytest.mark.parametrize("part", PARTS)
def test_what_stands_on_a_page_by_the_hundred_is_drawn_without_a_template(cast, marc, part):  # noqa: F811
    fill_up(cast, 3)
    assert drawn(marc, change(cast.weber, part)).keys().isdisjoint(DRAWN_IN_PYTHON)


def test_an_instruction_more_costs_one_template_more(cast, marc):  # noqa: F811
    def write(rows):
        for number in range(rows):
            operations.write_instruction(
                client=cast.weber, text=f"**Jamais** de conseil.\n- {number}", author=cast.marc.person, by=cast.marc,
                at=SystemClock().now(),
            )  # fmt: skip
        return drawn(marc, change(cast.weber)).total()

    before = write(0)
    assert write(7) - before == 7


@pytest.mark.parametrize("part", PARTS)
def test_a_table_is_not_made_again_to_find_its_columns(cast, marc, part, monkeypatch):  # noqa: F811
    """One form class for each table of the part."""
    marc.get(change(cast.weber, part))
    made = []
    factory = form_models.modelform_factory

    def counted(model, *given, **how):
        made.append(model)
        return factory(model, *given, **how)

    monkeypatch.setattr(form_models, "modelform_factory", counted)
    marc.get(change(cast.weber, part))
    tables = [model for model in made if model.__name__ != "Client"]
    assert max(Counter(tables).values(), default=0) <= 1


def test_the_list_of_all_tables_is_made_where_it_is_looked_at(cast, marc, monkeypatch):  # noqa: F811
    made = []
    build = BackstageSite._build_app_dict
    monkeypatch.setattr(BackstageSite, "_build_app_dict", lambda *given, **how: made.append(1) or build(*given, **how))
    for part in PARTS:
        marc.get(change(cast.weber, part))
    assert made == []
    assert marc.get("/backstage/clients/").status_code == 302  # a room's own list: no more than whether it has any
    assert made == [1]
    assert marc.get("/backstage/nosuchroom/").status_code == 404
