# SPDX-License-Identifier: AGPL-3.0-or-later
"""The colours keep what the design promises: text contrast (WCAG 2.2) and clients that no eye confuses (CIEDE2000)."""

import math
import re
from itertools import combinations
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "permanence" / "foundation" / "static" / "design"
AGENDA = FOLDER.parents[2] / "console" / "static" / "console" / "agenda.css"
VISIT = re.compile(r"--state: var\(--([\w-]+)\);(?: --on-state: var\(--([\w-]+)\);)?")
"""The ground of a visit by its state, and what is written on it where that is not the ink."""
GROUNDS = ("paper", "surface", "raised", "fill", "accent-tint", "live-tint", "warn-tint", "danger-tint")
TEXTS = ("ink", "ink-2", "ink-3", "accent", "live", "warn", "danger")
SOLIDS = ("accent", "live", "warn", "danger")
CLIENTS = range(1, 9)
TEXT_MIN, SHAPE_MIN, CLIENT_MIN, ACCENT_MIN, STATE_MIN = 4.5, 3.0, 14.0, 10.0, 5.0
HOURS_MIN = 1.2
"""Two large grounds beside each other, which no letter has to be read from: as paper and what is sunken in it."""
# Machado, Oliveira, Fernandes 2009, severity 1, on linear RGB.
EYES = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
WHITE_D65 = (0.95047, 1.0, 1.08883)

Triple = tuple[float, float, float]


def tokens(*names: str) -> dict[str, str]:
    """The colours of these files, the later winning; the aliases per client come after them in the file."""
    found: dict[str, str] = {}
    for name in names:
        text = (FOLDER / name).read_text(encoding="utf-8").split("[data-client", 1)[0]
        found.update(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", text))
    return found


THEMES = {"light": tokens("tokens.css"), "dark": tokens("tokens.css", "tokens-dark.css")}


def linear(colour: str) -> Triple:
    """sRGB to linear light (IEC 61966-2-1)."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return _light(red), _light(green), _light(blue)


def _light(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, relative luminance and contrast ratio."""
    lights = [sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(x), strict=True)) for x in (one, other)]
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def lab(colour: str, eye: str) -> Triple:
    """CIE L*a*b* of a colour as that eye sees it."""
    seen = [min(1.0, max(0.0, sum(m * c for m, c in zip(row, linear(colour), strict=True)))) for row in EYES[eye]]
    xyz = [sum(m * c for m, c in zip(row, seen, strict=True)) / w for row, w in zip(XYZ, WHITE_D65, strict=True)]
    x, y, z = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def ciede2000(one: Triple, other: Triple) -> float:
    """The difference of two colours (CIE 142-2001)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = 1.5 - 0.5 * math.sqrt(mean**7 / (mean**7 + 25**7))
    c1, c2 = math.hypot(g * a1, b1), math.hypot(g * a2, b2)
    h1, h2 = (math.degrees(math.atan2(b, g * a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0
    dl, dc, dh = l2 - l1, c2 - c1, 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))
    lm, cm, hm = (l1 + l2) / 2, (c1 + c2) / 2, (h1 + turn / 2) % 360
    t = 1 - 0.17 * _cos(hm - 30) + 0.24 * _cos(2 * hm) + 0.32 * _cos(3 * hm + 6) - 0.2 * _cos(4 * hm - 63)
    sl = 1 + 0.015 * (lm - 50) ** 2 / math.sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    turned = math.sin(math.radians(60 * math.exp(-(((hm - 275) / 25) ** 2))))
    rt = -2 * math.sqrt(cm**7 / (cm**7 + 25**7)) * turned
    return math.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rt * dc / sc * dh / sh)


def _cos(degrees: float) -> float:
    return math.cos(math.radians(degrees))


def test_ciede2000_agrees_with_the_published_pairs() -> None:
    # Sharma, Wu, Dalal 2005, table 1, pairs 1 and 25.
    assert ciede2000((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485)) == pytest.approx(2.0425, abs=1e-4)
    assert ciede2000((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387)) == pytest.approx(1.2644, abs=1e-4)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("text", TEXTS)
def test_text_is_read_on_every_ground(theme: str, text: str) -> None:
    t = THEMES[theme]
    assert {ground: contrast(t[text], t[ground]) for ground in GROUNDS if contrast(t[text], t[ground]) < TEXT_MIN} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_letters_on_solids_and_borders_are_seen(theme: str) -> None:
    t = THEMES[theme]
    assert min(contrast(t[f"on-{solid}"], t[f"{solid}-solid"]) for solid in SOLIDS) >= TEXT_MIN
    assert contrast(t["line-strong"], t["surface"]) >= SHAPE_MIN


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_is_read_and_seen(theme: str, client: int) -> None:
    t = THEMES[theme]
    assert contrast(t[f"on-client-{client}"], t[f"client-{client}"]) >= TEXT_MIN
    assert contrast(t["ink-2"], t[f"client-{client}-tint"]) >= TEXT_MIN
    assert contrast(t[f"client-{client}"], t["surface"]) >= SHAPE_MIN


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eye", EYES)
def test_no_eye_confuses_two_clients(theme: str, eye: str) -> None:
    seen = [lab(THEMES[theme][f"client-{client}"], eye) for client in CLIENTS]
    assert min(ciede2000(one, other) for one, other in combinations(seen, 2)) >= CLIENT_MIN


@pytest.mark.parametrize("theme", THEMES)
def test_what_became_of_a_visit_is_seen_by_its_ground_and_read_on_it(theme: str) -> None:
    t, text = THEMES[theme], AGENDA.read_text(encoding="utf-8")
    grounds = {ground for ground, _ink in VISIT.findall(text)}
    assert len(grounds) == len(VISIT.findall(text)) - 1, "done, and held by another, share the ground of the page"
    seen = [lab(t[ground], "normal") for ground in grounds]
    assert min(ciede2000(one, other) for one, other in combinations(seen, 2)) >= STATE_MIN
    assert min(contrast(t[ink or "ink"], t[ground]) for ground, ink in VISIT.findall(text)) >= TEXT_MIN


@pytest.mark.parametrize("theme", THEMES)
def test_open_and_closed_hours_of_the_grid_are_told_apart(theme: str) -> None:
    t, text = THEMES[theme], AGENDA.read_text(encoding="utf-8")
    closed = re.search(r"^\.lane \{[^}]*background: var\(--([\w-]+)\)", text, re.MULTILINE)
    opened = re.search(r"^\.lane__open \{ background: [^;]* var\(--([\w-]+)\);", text, re.MULTILINE)
    assert closed is not None
    assert opened is not None
    assert contrast(t[closed[1]], t[opened[1]]) >= HOURS_MIN


@pytest.mark.parametrize("theme", THEMES)
def test_no_client_is_mistaken_for_the_accent(theme: str) -> None:
    accent = lab(THEMES[theme]["accent"], "normal")
    assert min(ciede2000(lab(THEMES[theme][f"client-{n}"], "normal"), accent) for n in CLIENTS) >= ACCENT_MIN


def test_the_dark_theme_changes_colours_only() -> None:
    dark = re.findall(r"--([\w-]+):", (FOLDER / "tokens-dark.css").read_text(encoding="utf-8"))
    assert {name for name in dark if re.match(r"(text|space|control|radius|weight|leading|face)", name)} == set()
    assert set(dark) <= set(re.findall(r"--([\w-]+):", (FOLDER / "tokens.css").read_text(encoding="utf-8")))
