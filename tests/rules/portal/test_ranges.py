# SPDX-License-Identifier: AGPL-3.0-or-later
"""Parts of a recording, as RFC 9110 section 14 has them."""

import pytest

from permanence.portal import ranges

CONTENT = bytes(range(10))


@pytest.mark.parametrize(
    ("wanted", "status", "part", "told"),
    [
        ("", 200, CONTENT, None),
        ("bytes=0-1", 206, CONTENT[:2], "bytes 0-1/10"),
        ("bytes=3-", 206, CONTENT[3:], "bytes 3-9/10"),
        ("bytes=-4", 206, CONTENT[-4:], "bytes 6-9/10"),
        ("bytes=-40", 206, CONTENT, "bytes 0-9/10"),
        ("bytes=8-400", 206, CONTENT[8:], "bytes 8-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=0-1,3-4", 200, CONTENT, None),
        ("lines=0-1", 200, CONTENT, None),
        ("bytes=5-3", 200, CONTENT, None),
        ("bytes=-", 200, CONTENT, None),
        ("bytes=a-b", 200, CONTENT, None),
    ],
)
def test_the_part_that_is_wanted(wanted, status, part, told):
    found = ranges.answer(CONTENT, wanted, content_type="audio/wav")
    assert (found.status_code, found.content, found.get("Content-Range")) == (status, part, told)
