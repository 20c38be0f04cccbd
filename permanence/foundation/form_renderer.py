# SPDX-License-Identifier: AGPL-3.0-or-later
"""Django's form renderer, with the widgets that stand on a page by the hundred written out in Python.

A table of a client's page has some hundred fields, and Django draws each by two to seventy templates. What is written
here is, letter for letter, what those templates say; everything else goes to them.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.functional import Promise

_WIDGETS = "django/forms/widgets/"
_INPUTS = frozenset(
    f"{_WIDGETS}{name}.html"
    for name in ("text", "number", "email", "hidden", "checkbox", "date", "time", "input", "password", "url")
)
_LABEL = "django/forms/label.html"
_TEXTAREA = f"{_WIDGETS}textarea.html"
_OPTION = f"{_WIDGETS}select_option.html"
_ERRORS = frozenset({"django/forms/errors/list/default.html", "django/forms/errors/list/ul.html"})


class QuickRenderer(DjangoTemplates):
    """Django's templates, but for inputs, choices, labels and empty lists of errors."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        """The widget as HTML."""
        if template_name in _ERRORS and not context["errors"]:
            return ""
        if template_name == _LABEL and isinstance(context["label"], str | Promise):
            return _label(context)
        widget = context.get("widget")
        if template_name in _INPUTS:
            return _input(widget)
        if template_name == _TEXTAREA:
            return _textarea(widget)
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


def _escaped(value: Any) -> str:
    """As Django's `conditional_escape`, which makes a safe string of each part and asks thrice whether it is lazy."""
    words = str(value) if isinstance(value, Promise) else value
    return str(words.__html__()) if hasattr(words, "__html__") else escape(str(words))


def _text(value: Any) -> str:
    """As `|stringformat:"s"`: what is safe stays as it is."""
    return _escaped(value if isinstance(value, str) else str(value))


def _attributes(attrs: Mapping[str, Any]) -> str:
    return "".join(
        f" {_escaped(name)}" if value is True else f' {_escaped(name)}="{_text(value)}"'
        for name, value in attrs.items()
        if value is not False
    )


def _input(widget: Any) -> str:
    value = widget["value"]
    shown = "" if value is None else f' value="{_text(value)}"'
    kind, name = _escaped(widget["type"]), _escaped(widget["name"])
    return f'<input type="{kind}" name="{name}"{shown}{_attributes(widget["attrs"])}>'


def _textarea(widget: Any) -> str:
    shown = _text(widget["value"]) if widget["value"] else ""
    return f'<textarea name="{_escaped(widget["name"])}"{_attributes(widget["attrs"])}>\n{shown}</textarea>'


def _label(context: Mapping[str, Any]) -> str:
    shown = _escaped(context["label"])
    if not context["use_tag"]:
        return shown.strip()  # as Django does with whatever a template gave
    tag = _escaped(context["tag"])
    return f"<{tag}{_attributes(context['attrs'])}>{shown}</{tag}>"


def _select(widget: Any) -> str:
    parts = [f'<select name="{_escaped(widget["name"])}"{_attributes(widget["attrs"])}>']
    for group, options, _place in widget["optgroups"]:
        if group:
            parts.append(f'\n  <optgroup label="{_escaped(group)}">')
        for option in options:
            value, attrs = _text(option["value"]), _attributes(option["attrs"])
            parts.append(f'\n  <option value="{value}"{attrs}>{_escaped(option["label"])}</option>\n')
        if group:
            parts.append("\n  </optgroup>")
    parts.append("\n</select>")
    return "".join(parts)
