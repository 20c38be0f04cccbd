# SPDX-License-Identifier: AGPL-3.0-or-later
"""The call list as it looks: filters in one row at 1366, in the page's language whatever the browser's; no axe violation."""

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import LoginPage

ROWS_TOP = """() => ({
  filters: document.querySelector(".calls__filters").getBoundingClientRect().height,
  tops: new Set([...document.querySelectorAll(".calls__filters")[0].querySelectorAll("select, .btn")].map(
    (one) => Math.round(one.getBoundingClientRect().bottom))).size,
  table: document.querySelector(".calls__table").getBoundingClientRect().top,
  typed: document.querySelectorAll("input[type=date], input[type=month], input[type=time]").length,
})"""


def calls_of_many_days(site: Site, count: int) -> None:
    """Answered, abandoned and running calls of the last days."""
    now = datetime.now(UTC)
    with contextlib.closing(sqlite3.connect(site.data / "db.sqlite3")) as database:
        columns = [row[1:4] for row in database.execute("pragma table_info(calls_callrow)")]
        ((house,),) = database.execute("select id from foundation_house").fetchall()
        for n in range(count):
            arrived = now - timedelta(hours=5 * n + 1)
            given = {
                "house_id": house, "call": f"call-{n}", "arrived_at": arrived, "client_name": "Dr Weber",
                "client_initials": "WE", "client_colour": 7, "number": f"+35262100{n:04d}", "display": "Jeanne Hoffmann",
            }  # fmt: skip
            row = {name: given.get(name, "" if "char" in kind.lower() or "text" in kind.lower() else 0)
                   for name, kind, needed in columns if name != "id" and (needed or name in given)}  # fmt: skip
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            values = [str(value) if isinstance(value, datetime) else value for value in row.values()]
            database.execute(f"insert into calls_callrow ({names}) values ({marks})", values)  # noqa: S608
        database.commit()


@pytest.mark.parametrize(("language", "day"), [("fr", "Hier"), ("en", "Yesterday"), ("de", "Gestern")])
async def test_the_days_are_in_the_pages_language(browser: Browser, site: Site, language: str, day: str) -> None:
    context = await browser.new_context(locale="en-US", viewport={"width": 1366, "height": 768})
    page = await context.new_page()
    await page.context.add_cookies([{"name": "language", "value": language, "url": site.url}])
    await page.close()
    await context.close()
