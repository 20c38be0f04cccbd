# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the repository may hold: nothing that points outside it, locks with hashes, a test in every suite."""

import re
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[2]
TEXT = {".py", ".md", ".toml", ".txt", ".in", ".js", ".css", ".html", ".sh", ".service", ".po", ".json", ".xml", ""}
OUTSIDE = re.compile(r"(?<![\w.])/(?:work|root|home/(?!runner)[a-z]+)/|\.\./shared")
INDEX = re.compile(r"pypi\.org|pythonhosted|--index-url|--extra-index-url|registry\.npmjs")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
IGNORED = {
    ".git",
    ".venv",
    "var",
    "__pycache__",
    "node_modules",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
}
IGNORED |= {".import_linter_cache", "staticfiles"}
HERE = "tests/architecture/test_repository.py"


def texts():
    for folder, folders, files in CLONE.walk():
        folders[:] = sorted(set(folders) - IGNORED)
        for path in (folder / file for file in sorted(files)):
            if path.suffix in TEXT and str(path.relative_to(CLONE)) not in {HERE, "LICENSE", ".gitignore"}:
                yield path, path.read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize("forbidden", [OUTSIDE, INDEX, UNFINISHED], ids=["outside", "registry", "unfinished"])
def test_no_file_says(forbidden):
    found = [
        f"{path.relative_to(CLONE)}:{number}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if forbidden.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("line", ["see /home/somebody/x", "open('/root/x')", "../shared/STACK.md"])
def test_a_path_outside_is_seen(line):
    assert OUTSIDE.search(line)


def test_links_of_the_documents_lead_somewhere_inside():
    lost = []
    for path, text in texts():
        if path.suffix == ".md":
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
                if "://" not in target and not target.startswith("mailto:"):
                    linked = (path.parent / target).resolve()
                    if not linked.is_relative_to(CLONE) or not linked.exists():
                        lost.append(f"{path.relative_to(CLONE)} -> {target}")
    assert lost == []


def pins(lock):
    text = (CLONE / "requirements" / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+(?:\[[a-z,-]+\])?)==([^ ;\\]+)", text, flags=re.M))


def test_the_tests_run_with_the_packages_that_the_house_runs_with():
    assert len(pins("run.txt")) > 15
    assert pins("run.txt").items() <= pins("test.txt").items()


@pytest.mark.parametrize("lock", ["run.txt", "test.txt", "caldav.txt"])
def test_every_package_of_a_lock_has_its_hashes(lock):
    text = (CLONE / "requirements" / lock).read_text(encoding="utf-8")
    entries = re.findall(r"^[a-z0-9].*?(?=^[a-z0-9]|\Z)", text, flags=re.M | re.S)
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("suite", ["rules", "rooms", "stories", "wire", "screens", "architecture"])
def test_every_suite_has_tests(suite):
    assert list((CLONE / "tests" / suite).rglob("test_*.py"))
