# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a page looks at every size and in both themes: a picture for whoever wants one, axe, nothing scrolls sideways."""

from tests.screens.pages import Screen, violations

SIZES = {"1366": (1366, 768), "1920": (1920, 1080), "390": (390, 844), "625": (1366, 625)}


async def looks_right(screen: Screen, name: str, sizes: tuple[str, ...] = tuple(SIZES)) -> None:
    """Both themes at every size: a picture, axe, and no sideways scroll."""
    found: list[str] = []
    # A key that leads to another page has done its part once that page begins, before it has anything to look at.
    await screen.page.wait_for_load_state()
    for scheme in ("light", "dark"):
        for size in sizes:
            width, height = SIZES[size]
            await screen.page.set_viewport_size({"width": width, "height": height})
            await screen.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await screen.shot(f"{name}-{size}-{scheme}")
            if not await screen.fits():
                found.append(f"{size} {scheme}: scrolls sideways")
            found += [f"{size} {scheme}: {each}" for each in await violations(screen.page)]
    await screen.page.set_viewport_size({"width": 1366, "height": 768})
    await screen.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert not found, "\n".join(found)
