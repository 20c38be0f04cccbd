# SPDX-License-Identifier: AGPL-3.0-or-later
"""The secret link as a picture that a telephone reads from a screen or from paper (ISO/IEC 18004)."""

import segno


def qr_svg(link: str) -> str:
    """The picture as a data address: it is drawn with the page, nothing else is fetched."""
    return segno.make(link, error="m", micro=False).svg_data_uri(scale=4, border=4, dark="#000", light="#fff")
