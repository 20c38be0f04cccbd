# SPDX-License-Identifier: AGPL-3.0-or-later
"""A part of an answer's bytes (RFC 9110, section 14): what a telephone asks for before it plays a recording."""

import re

from django.http import HttpResponse

_ONE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})\Z")


def answer(content: bytes, wanted: str, *, content_type: str) -> HttpResponse:
    """`content`, or the part of it that the header Range wants: 206, 416 when there is no such part.

    Several parts, other units and what cannot be read are answered with the whole, as section 14.2 allows.
    """
    size = len(content)
    headers = {"Accept-Ranges": "bytes", "Content-Disposition": "inline"}
    found = _ONE.match(wanted)
    first, last = found.group(1, 2) if found is not None else ("", "")
    if (not first and not last) or (first and last and int(last) < int(first)):
        return HttpResponse(content, content_type=content_type, headers=headers)
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last) + 1, size) if first and last else size
    if start >= end:
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return HttpResponse(content[start:end], status=206, content_type=content_type, headers=headers)
