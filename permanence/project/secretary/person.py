# SPDX-License-Identifier: AGPL-3.0-or-later
"""The secretary who is played: she answers what rings, speaks, ends or lets the caller end, notes, is ready again.

Theory of operation. The exchange tells what is (`hears`), and each message that matters sets her to the next act; an
act is one task that waits as long as a person would and then asks. A newer message ends an act that was under way.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from permanence.kernel.clock import Clock, Entropy
from permanence.project.demo_cast import Login
from permanence.project.phone import directory, sound
from permanence.project.secretary import plan
from permanence.project.secretary.line import Message
from permanence.project.secretary.post import Post
from permanence.project.secretary.site import Site, SiteAway, SiteRefused

LEAVE_WITHIN_S = 4.0
TAKE_TRIES = 3
TAKE_AGAIN_S = 2.0
_NOT_READY = ("off", "break", "missed")
_ENDED_OFFER = {
    "abandoned": "the caller hangs up before she answers",
    "missed": "she did not answer in time",
    "declined": "she declines it",
    "withdrawn": "the call goes to somebody else",
    "seat_lost": "her line was lost, the call goes on",
}
_BY = {"caller": "the caller hangs up", "secretary": "she ends the call", "system": "the house ends the call"}
_OUTCOMES = {
    "message": "message",
    "information": "information given",
    "wrong_number": "wrong number",
    "no_words": "nobody spoke",
}


@dataclass(slots=True)
class Tally:
    """What her shift came to. `talked`: seconds of conversation, of all ended calls."""

    offered: int = 0
    answered: int = 0
    ended: int = 0
    ended_by_her: int = 0
    messages: int = 0
    talked: float = 0.0


class Secretary:
    """One person at her post, from `begin` to `leave`."""

    def __init__(
        self,
        login: Login,
        site: Site,
        *,
        talk_s: float,
        clock: Clock,
        entropy: Entropy,
        runs: Callable[[], bool],
        seated: Callable[[str], bool],
        say: Callable[[str], None],
    ) -> None:
        """`talk_s`: mean seconds after which she ends a call herself; `runs` and `seated`: see `Post`."""
        self.name = login.who.partition(",")[0]
        self.tally = Tally()
        self._talk_s, self._entropy, self._say = talk_s, entropy, say
        self._post = Post(
            site, login, clock=clock, entropy=entropy, told=self.hears, heard=self._listens, runs=runs, seated=seated
        )
        self._config = {"offer_s": 12, "wrap_up_s": 90}
        self._state = ""
        self._card: dict[str, Any] = {}
        self._offer = self._call = self._wrapped = ""
        self._heard = self._leaving = False
        self._act: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    async def begin(self) -> None:
        """Signs in. Raises Refusal where she cannot, or may not."""
        await self._post.sit_down()
        self._tell("signs in and puts her headset on")

    async def work(self) -> None:
        """Until `leave`, or until her seat is lost for good, which is said. Raises Refusal."""
        why = await self._post.serve()
        self._next(None)
        self._state = ""
        if why:
            self._tell(f"leaves her post: {why}")

    async def leave(self) -> None:
        """Ends the call she is in, goes off duty, signs out."""
        self._leaving = True
        self._next(None)
        if self._state == "on_call":
            await self._post.ask("end", call=self._call)
            await self._until(lambda: self._state != "on_call")
        if self._state not in ("", "off"):
            await self._post.ask("off")
            if self._state == "wrap_up":
                await self._post.ask("wrapup_done", call=self._call, outcome="information")
            await self._until(lambda: self._state == "off")
            if self._state == "off":
                self._tell("goes off duty and signs out")
        await self._post.leave()

    def summary(self) -> str:
        """Her shift in one sentence."""
        tally = self.tally
        mean = f" ({_spoken(tally.talked / tally.ended)} each)" if tally.ended else ""
        return (
            f"{self.name}: calls that rang {tally.offered}, answered {tally.answered}{mean}, ended by her "
            f"{tally.ended_by_her}; messages noted {tally.messages}."
        )

    def hears(self, message: Message) -> None:
        """One message of the exchange."""
        match message["t"]:
            case "welcome":
                self._config = message["config"]
            case "presence":
                before, self._state = self._state, str(message["state"])
                if self._state == "ready" != before:
                    self._tell("is ready")
                self._consider()
            case "line":
                self._consider()
            case "offer":
                self._offered(message)
            case "offer_ended":
                self._offer_ended(message)
            case "call":
                self._answered(message)
            case "ended":
                self._ended(message)
        self._changed.set()

    # -- what she does ---------------------------------------------------------------------------------------------

    def _consider(self) -> None:
        """Where nothing keeps her from it, she presses ready."""
        if self._state in _NOT_READY and self._post.line_up and not self._leaving:
            self._next(self._press_ready())

    async def _press_ready(self) -> None:
        if self._state != "off":
            await asyncio.sleep(plan.answer_after(self._config["offer_s"], self._entropy))
        reply = await self._post.ask("ready")
        if not reply["ok"]:
            self._tell(f"cannot be ready: {reply['why']}")

    def _offered(self, offer: Message) -> None:
        if offer["offer"] != self._offer:  # else told again, after her line was away
            self.tally.offered += 1
        self._offer = str(offer["offer"])
        card = offer["card"]
        self._tell(f"a call for {card['name']} rings, from {card['caller']['number'] or 'a withheld number'}")
        self._next(self._answer(str(offer["call"])))

    async def _answer(self, call: str) -> None:
        await asyncio.sleep(plan.answer_after(self._config["offer_s"], self._entropy))
        reply = await self._post.ask("answer", call=call)
        if not reply["ok"]:
            self._tell(f"answers too late: {reply['why']}")

    def _offer_ended(self, message: Message) -> None:
        if message["how"] != "answered":
            self._tell(_ENDED_OFFER[str(message["how"])])
            if self._state == "offered":
                self._next(None)

    def _answered(self, message: Message) -> None:
        if message["call"] == self._call:  # told again: on hold, muted, or after her line was away
            return
        self._call, self._card, self._heard = str(message["call"]), message["card"], False
        if self._state == "wrap_up":  # an earlier browser of hers had the call
            self._heard = True
            return
        self.tally.answered += 1
        voice = sound.built_in_voice(self._language, "secretary")
        self._post.speak(sound.frames(voice, repeat=True))
        self._tell(f"answers for {self._card['name']} and speaks")
        self._next(self._talk(self._call))

    def _listens(self, word: str) -> None:
        if word == "speech" and self._state == "on_call" and not self._heard:
            self._heard = True
            self._tell("hears the caller speak")

    async def _talk(self, call: str) -> None:
        await asyncio.sleep(plan.talk_for(self._talk_s, self._entropy))
        await self._post.ask("end", call=call)

    def _ended(self, message: Message) -> None:
        call = str(message["call"])
        if call in (self._wrapped, ""):
            return
        self._wrapped = call
        self._post.speak(None)
        self.tally.ended += 1
        self.tally.ended_by_her += message["by"] == "secretary"
        talked = 0.0 if message["answered_ms"] is None else (message["ended_ms"] - message["answered_ms"]) / 1000
        self.tally.talked += talked
        self._tell(f"{_BY[message['by']]} after {_spoken(talked)}")
        self._next(None)
        if message["wrap_up_until_ms"] is not None and call == self._call and not self._leaving:
            self._next(self._wrap_up(call))

    async def _wrap_up(self, call: str) -> None:
        await asyncio.sleep(plan.type_for(self._config["wrap_up_s"], self._entropy))
        outcome = plan.outcome(self._card, heard=self._heard, entropy=self._entropy)
        if outcome == "message" and not await self._note(call):
            outcome = "information"
        self._tell(f"gives the outcome: {_OUTCOMES[outcome]}")
        reply = await self._post.ask("wrapup_done", call=call, outcome=outcome)
        if not reply["ok"]:
            self._tell(f"the outcome is not kept: {reply['why']}")

    async def _note(self, call: str) -> bool:
        """Notes a message of this call; whether the house kept it."""
        noted = plan.note(self._card, call, self._language, self._entropy)
        for _ in range(TAKE_TRIES):
            try:
                await self._post.take_message(noted.fields)
            except SiteRefused as refused:
                self._tell(f"the site does not keep her message: {refused.why}")
                return False
            except SiteAway:
                await asyncio.sleep(TAKE_AGAIN_S)
                continue
            self.tally.messages += 1
            why = f" ({noted.reason})" if noted.reason else ""
            self._tell(f"notes a message for {noted.recipient}{why}, {noted.fields['urgency']}")
            return True
        self._tell("the site is away: her message is not kept")
        return False

    # -- inside ----------------------------------------------------------------------------------------------------

    @property
    def _language(self) -> str:
        return directory.look_up_language(self._card["called_line"])

    def _tell(self, act: str) -> None:
        self._say(f"  {self.name}: {act}")

    def _next(self, act: Coroutine[Any, Any, None] | None) -> None:
        """Her next act; what she was about to do is dropped."""
        if self._act is not None and not self._act.done():
            self._act.cancel()
        self._act = None if act is None else asyncio.create_task(act)

    async def _until(self, done: Callable[[], bool]) -> None:
        """Waits until `done()`, asked again after each message; at most LEAVE_WITHIN_S."""
        try:
            async with asyncio.timeout(LEAVE_WITHIN_S):
                while not done():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return


def _spoken(seconds: float) -> str:
    """A length in minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
