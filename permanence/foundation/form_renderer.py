# SPDX-License-Identifier: AGPL-3.0-or-later
"""Django's form renderer, with the widgets that stand on a page by the hundred written out in Python.

A table of a client's page has some hundred fields, and Django draws each by two to seventy templates. What is written
here is, letter for letter, what those templates say; everything else goes to them.
"""

from collections.abc import Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.functional import Promise
from django.utils.html import conditional_escape

_WIDGETS = "django/forms/widgets/"
_INPUTS = frozenset(
    f"{_WIDGETS}{name}.html"
    for name in ("text", "number", "email", "hidden", "checkbox", "date", "time", "input", "password", "url")
)
_OPTION = f"{_WIDGETS}select_option.html"
_ERRORS = frozenset({"django/forms/errors/list/default.html", "django/forms/errors/list/ul.html"})


class QuickRenderer(DjangoTemplates):
    """Django's templates, but for inputs, choices and empty lists of errors."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        """The widget as HTML."""
        if template_name in _ERRORS and not context["errors"]:
            return ""
        widget = context.get("widget")
        if template_name in _INPUTS:
            return _input(widget)
        if template_name == f"{_WIDGETS}select.html" and _plain(widget):
            return _select(widget)
        return str(super().render(template_name, context, request))


def _plain(widget: Any) -> bool:
    """Whether all options are words: a number is written as the language of the page writes it, by the template."""
    return all(
        option["template_name"] == _OPTION and isinstance(option["label"], str | Promise)
        for _name, options, _place in widget["optgroups"]
        for option in options
    )


def _text(value: Any) -> str:
    """As `|stringformat:"s"`: what is safe stays as it is."""
    return conditional_escape(value if isinstance(value, str) else str(value))


def _attributes(attrs: Mapping[str, Any]) -> str:
    return "".join(
        f" {conditional_escape(name)}" if value is True else f' {conditional_escape(name)}="{_text(value)}"'
        for name, value in attrs.items()
        if value is not False
    )


def _input(widget: Any) -> str:
    value = widget["value"]
    shown = "" if value is None else f' value="{_text(value)}"'
    kind, name = conditional_escape(widget["type"]), conditional_escape(widget["name"])
    return f'<input type="{kind}" name="{name}"{shown}{_attributes(widget["attrs"])}>'


def _select(widget: Any) -> str:
    parts = [f'<select name="{conditional_escape(widget["name"])}"{_attributes(widget["attrs"])}>']
    for group, options, _place in widget["optgroups"]:
        if group:
            parts.append(f'\n  <optgroup label="{conditional_escape(group)}">')
        for option in options:
            value, attrs = _text(option["value"]), _attributes(option["attrs"])
            parts.append(f'\n  <option value="{value}"{attrs}>{conditional_escape(option["label"])}</option>\n')
        if group:
            parts.append("\n  </optgroup>")
    parts.append("\n</select>")
    return "".join(parts)
