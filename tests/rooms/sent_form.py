# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a browser would send of the one form of a page with a field of that name, as it stands there."""

from html.parser import HTMLParser


class _Forms(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self.select, self.text = [], None, None

    def handle_starttag(self, tag, attrs):
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append([])
        elif not self.forms or "disabled" in said:
            return
        elif tag == "input" and said.get("type") not in {"checkbox", "radio", "submit"}:
            self._take(said.get("name"), said.get("value", ""))
        elif tag == "input" and "checked" in said:
            self._take(said.get("name"), said.get("value", "on"))
        elif tag == "select":
            self.select = [said.get("name"), None]
        elif tag == "option" and self.select is not None and (self.select[1] is None or "selected" in said):
            self.select[1] = said.get("value", "")
        elif tag == "textarea":
            self.text = [said.get("name"), ""]

    def handle_data(self, data):
        if self.text is not None:
            self.text[1] += data

    def handle_endtag(self, tag):
        if tag == "select" and self.select is not None:
            self._take(*self.select)
            self.select = None
        elif tag == "textarea" and self.text is not None:
            name, text = self.text
            self._take(name, text.removeprefix("\n"))
            self.text = None

    def _take(self, name, value):
        if name:
            self.forms[-1].append((name, value or ""))


def sent_form(answer, *, field):
    """Field by field the values, a list each. Raises ValueError where there is no such form, or several."""
    parser = _Forms()
    parser.feed(answer.content.decode())
    [found] = [form for form in parser.forms if field in dict(form)]
    values = {}
    for name, value in found:
        values.setdefault(name, []).append(value)
    return values
