# SPDX-License-Identifier: AGPL-3.0-or-later
"""Any day at all: whatever callers, secretaries, networks and processes do, in whatever order, no call is lost."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from permanence.telephony import commands
from permanence.telephony.media.living import LivingLine
from tests.stories import cast
from tests.stories.world import Caller, Secretary, World

ACTS = (
    *("dial_weber", "dial_dupont", "dial_atlas", "dial_unknown", "hang_up", "hang_up_last"),
    *("sit", "sit", "sit", "ready", "ready", *["answer"] * 12, "decline", "end", "end", "hold", "hold", "resume"),
    *("resume", "mute", "wrap_up", "wrap_up", "pause", "off", "reload", "close", "lose_line", "line_back"),
    *("kill_exchange", "kill_media", "second", "second", "ten_seconds", "minute"),
)


class Day:
    """One day, act by act. An act that does not go with the moment is refused or does nothing: also a test."""

    def __init__(self) -> None:
        self.world = World()
        self.callers: list[Caller] = []

    def act(self, act: str, which: int) -> None:
        world = self.world
        secretary = (world.claire, world.aoife)[which % 2]
        if act in ("answer", "decline"):
            secretary = next((one for one in (world.claire, world.aoife) if one.page and one.rings), secretary)
        elif act in ("end", "hold", "resume", "mute", "lose_line"):
            busy = {call.secretary for call in world.conductor.parts.calls.values() if call.in_conversation}
            secretary = next((one for one in (world.claire, world.aoife) if one.id in busy), secretary)
        if act.startswith("dial_"):
            lines = {"weber": cast.WEBER_LINE, "dupont": cast.DUPONT_LINE, "atlas": cast.ATLAS_LINE}
            line = lines.get(act.removeprefix("dial_"), "+35220999999")
            self.callers.append(world.caller(f"+35262100{len(self.callers):04d}").dials(line))
        elif act in ("hang_up", "hang_up_last"):
            living = [caller for caller in self.callers if caller.state in ("dialling", "answered")]
            if living:
                living[-1 if act == "hang_up_last" else which % len(living)].hangs_up()
        elif act in ("second", "ten_seconds", "minute"):
            world.forward({"second": 1, "ten_seconds": 10, "minute": 60}[act])
        elif act == "kill_exchange":
            world.kill_exchange()
            world.start_exchange()
            for one in (world.claire, world.aoife):
                if one.page and which % 3:
                    one.opens_page(offer=None)  # pages come back by themselves
                else:
                    one.page = ""
        elif act == "kill_media":
            world.gateway.die()
            world.gateway.come_back()
            world.settle()
        elif act in ("lose_line", "line_back"):
            self.line(act, secretary)
        else:
            self.secretary(act, secretary)

    def line(self, act: str, secretary: Secretary) -> None:
        held = [line for line in self.world.gateway.living().lines if line.line == secretary.line]
        if held and act == "lose_line":
            self.world.gateway.lose_line(secretary.line)
        elif held == [LivingLine(line=secretary.line, state="lost", leg=held[0].leg if held else None)]:
            self.world.gateway.line_up(secretary.line)
        self.world.settle()

    def secretary(self, act: str, secretary: Secretary) -> None:
        if act == "reload" or not secretary.page:
            if secretary.page:
                secretary.reloads()
            elif act in ("sit", "reload"):
                secretary.opens_page()
            return
        if act == "close":
            secretary.closes_page()
            return
        if act == "sit":
            secretary.opens_page()
        if act in ("answer", "decline") and secretary.rings:
            secretary.tries(
                {"answer": commands.AnswerCall, "decline": commands.DeclineCall}[act](secretary.offered["call"])
            )
            return
        call = next((message["call"] for message in reversed(secretary.messages) if "call" in message), "none")
        command = {
            "sit": commands.GoReady(),
            "ready": commands.GoReady(),
            "answer": commands.AnswerCall(call),
            "decline": commands.DeclineCall(call),
            "end": commands.EndCall(call),
            "hold": commands.HoldCall(call),
            "resume": commands.ResumeCall(call),
            "mute": commands.MuteSeat(True),
            "wrap_up": commands.CloseWrapUp(call, "message"),
            "pause": commands.TakeBreak("lunch"),
            "off": commands.GoOff(),
        }[act]
        secretary.tries(command)

    def check(self) -> None:
        """What holds at every moment."""
        parts = self.world.conductor.parts
        legs = {leg.leg for leg in self.world.gateway.living().legs}
        assert legs <= set(parts.calls)
        assert parts.ports.used == len({call.port for call in parts.calls.values() if call.state != "ended"})
        talking = Counter(call.secretary for call in parts.calls.values() if call.in_conversation)
        assert all(count == 1 for count in talking.values()), "one secretary, one conversation"
        for caller in self.callers:
            if caller.state == "answered" and caller.call in parts.calls:
                assert caller.sound != "silence" or parts.calls[caller.call].muted or self.recording(caller)

    def recording(self, caller: Caller) -> bool:
        return self.world.conductor.parts.calls[caller.call].state in ("voice_message", "talking")

    def ends(self) -> None:
        """Everybody hangs up: nothing is left, and every call ended exactly once."""
        for caller in self.callers:
            if caller.state in ("dialling", "answered"):
                caller.hangs_up()
        self.world.forward(70)
        assert self.world.conductor.parts.calls == {}
        assert self.world.gateway.living().legs == ()
        assert self.world.conductor.parts.ports.used == 0
        assert not [name for name in self.world.journal.states if name.startswith(("call/", "sip/", "card/"))]
        assert not [name for name in self.world.journal.states if "/call/" in name]
        arrived = [event["call"] for event in self.world.events("CallArrived")]
        ended = [event["call"] for event in self.world.events("CallEnded")]
        assert sorted(arrived) == sorted(ended)
        assert len(set(arrived)) == len(arrived)


@settings(max_examples=120)
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 5)), min_size=5, max_size=40))
def test_no_call_is_lost_whatever_happens(acts: list[tuple[str, int]]) -> None:
    day = Day()
    day.act("sit", 0)
    for act, which in acts:
        day.act(act, which)
        day.check()
    day.ends()
