# SPDX-License-Identifier: AGPL-3.0-or-later
"""How much a call costs the SIP endpoint: steps of Python, and what stays in memory when it is over.

Fifty calls a second pass through one process, so both are kept small; the limits leave room of about a sixth.
"""

import gc
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType

from permanence.telephony.media.sdp import parse_sdp
from permanence.telephony.media.sdp_audio import answer_audio
from permanence.telephony.sip.events import InviteReceived
from permanence.telephony.sip.message import SipMessage
from permanence.telephony.sip.uas import IncomingSession
from tests.wire.carrier import Trunk, sdp

_CALL_STEPS = 8_500
_EXPORT_STEPS = 230


class Steps:
    """Bytecodes executed in the product's own modules."""

    def __init__(self) -> None:
        self.count = 0

    def _step(self, code: CodeType, _offset: int) -> None:
        if "/telephony/" in code.co_filename or code.co_filename.startswith("<string>"):
            self.count += 1

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Counts what runs inside."""
        watch = sys.monitoring
        tool = next(number for number in range(6) if watch.get_tool(number) is None)
        watch.use_tool_id(tool, "steps")
        watch.register_callback(tool, watch.events.INSTRUCTION, self._step)
        watch.set_events(tool, watch.events.INSTRUCTION)
        try:
            yield
        finally:
            watch.set_events(tool, 0)
            watch.free_tool_id(tool)


def messages(trunk: Trunk, number: int) -> tuple[bytes, bytes]:
    """An INVITE, and the BYE that ends its call but for our tag."""
    call, via = f"call-{number}", f"SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bK-{number}-%s;rport"
    invite = trunk.request("INVITE", body=sdp(), call_id=call, from_tag=f"f{number}", via=via % 1)
    return invite.encode(), trunk.request("BYE", cseq=2, call_id=call, from_tag=f"f{number}", via=via % 3).encode()


def whole_call(trunk: Trunk, number: int, steps: Steps) -> None:
    """INVITE, 100, 180, 200, ACK, BYE, 200; the journal takes the session three times."""
    invite, bye = messages(trunk, number)
    ua, now = trunk.ua, trunk.now
    with steps.counted():
        ua.receive(invite, trunk.flow, now)
    event = ua.drain_events()[0]
    assert isinstance(event, InviteReceived)
    with steps.counted():
        answer, _ = answer_audio(parse_sdp(event.invite.offer or ""), host="192.0.2.1", port=5000, session_id=number)
        ua.ring(event.session, now=now)
        ua.export(event.session)
        ua.accept(event.session, answer, now=now)
        ua.export(event.session)
        output = ua.drain_output()
    tag = output[-1][0].partition(b"\r\nTo: ")[2].partition(b";tag=")[2].partition(b"\r\n")[0]
    bye = bye.replace(b"@192.0.2.1>\r\nCall-ID", b"@192.0.2.1>;tag=" + tag + b"\r\nCall-ID")
    ack = bye.replace(b"BYE", b"ACK").replace(b"CSeq: 2", b"CSeq: 1")
    with steps.counted():
        ua.receive(ack, trunk.flow, now)
        ua.export(event.session)
        ua.receive(bye, trunk.flow, now)
        output += ua.drain_output()
        ua.drain_events()
    assert [data.split(b" ", 2)[1] for data, _ in output] == [b"100", b"180", b"200", b"200"]
    assert ua.export(event.session) is None


def test_a_call_takes_a_bounded_number_of_steps() -> None:
    trunk = Trunk()
    whole_call(trunk, 1, Steps())
    steps = Steps()
    for number in range(2, 7):
        whole_call(trunk, number, steps)
    assert 0 < steps.count / 5 < _CALL_STEPS


def test_calls_that_rest_are_forgotten_together() -> None:
    """Both transactions of a call absorb repetitions for 32 s more: their end does not wake the process each."""
    trunk = Trunk()
    for number in range(40):
        whole_call(trunk, number, Steps())
        trunk.now += 0.025
    assert trunk.ua.counters()["transactions"] == 80
    last, rings = trunk.now, 0
    while (due := trunk.ua.next_deadline()) is not None:
        trunk.ua.tick(due)
        rings += 1
        assert due <= last + 32.25
    assert trunk.ua.counters()["transactions"] == 0
    assert rings <= 6


def test_an_export_for_the_journal_writes_nothing_twice() -> None:
    trunk = Trunk()
    trunk.invite()
    session = trunk.took(InviteReceived)[0].session
    first = trunk.ua.export(session)
    steps = Steps()
    with steps.counted():
        again = trunk.ua.export(session)
    assert again == first
    assert 0 < steps.count < _EXPORT_STEPS


def test_a_call_that_is_over_leaves_neither_session_nor_messages() -> None:
    trunk = Trunk()
    gc.collect()
    gc.disable()
    try:
        trunk.invite()
        session = trunk.took(InviteReceived)[0].session
        kept = [one for one in gc.get_objects() if isinstance(one, IncomingSession) and one.id == session]
        gone = [weakref.ref(one) for one in kept]
        kept.clear()
        trunk.ua.accept(session, sdp(5000), now=trunk.now)
        tag = trunk.collect()[-1].to.tag or ""
        trunk.say(trunk.request("ACK", to_tag=tag))
        trunk.say(trunk.request("BYE", cseq=2, to_tag=tag))
        trunk.heard.clear()
        assert [one() for one in gone] == [None]
        ours = [
            one
            for one in gc.get_objects()
            if isinstance(one, SipMessage) and "call-1" in one.headers.get("Call-ID", ())
        ]
        assert ours == []
        assert trunk.ua.counters()["transactions"] == 2
    finally:
        gc.enable()
