# SPDX-License-Identifier: AGPL-3.0-or-later
"""RFC 4475: each torture message is treated as the RFC says, by an endpoint that trusts its source."""

from pathlib import Path

import pytest

from permanence.telephony.sip.events import InviteReceived
from permanence.telephony.sip.message import parse_message
from tests.wire.carrier import Trunk

_FOLDER = Path(__file__).parent / "rfc4475"

# What the endpoint says; None for silence. 3.1.1: well-formed, so served by what the method means to us: an INVITE
# rings (100), REGISTER, MESSAGE are methods we know and do not serve (405), others are unknown (501).
_EXPECTED: dict[str, int | None] = {
    # 3.1.1 valid messages
    "wsinv": 481,  # well-formed, and its To tag is of no dialog of ours
    "intmeth": 501,
    "esc01": 100,
    "escnull": 405,
    "esc02": 501,
    "lwsdisp": 200,
    "longreq": 100,
    "dblreq": 405,
    "semiuri": 200,
    "transports": 200,
    "mpart01": 405,
    "unreason": None,
    "noreason": None,
    # 3.1.2 invalid messages
    "badinv01": 400,
    "clerr": 400,
    "ncl": 400,
    "scalar02": 400,
    "scalarlg": None,
    "quotbal": 400,
    "ltgtruri": 400,
    "lwsruri": 400,
    "lwsstart": 400,
    "trws": 400,
    "escruri": 400,
    "baddate": 400,
    "regbadct": 400,
    "badaspec": 400,
    "baddn": 400,
    "badvers": 505,
    "mismatch01": 400,
    "mismatch02": 400,
    "bigcode": None,
    # 3.2 transaction layer
    "badbranch": 200,
    # 3.3 application layer
    "insuf": 400,
    "unkscm": 416,
    "novelsc": 416,
    "unksm2": 405,
    "bext01": 420,
    "invut": 415,
    "regaut01": 405,
    "multi01": 400,
    "mcl01": 400,
    "bcast": None,
    "zeromf": 200,
    "cparam01": 405,
    "cparam02": 405,
    "regescrt": 405,
    "sdp01": 406,
    # 3.4 backward compatibility
    "inv2543": 100,
}


def test_every_message_of_the_rfc_is_here() -> None:
    assert {path.stem for path in _FOLDER.glob("*.dat")} == set(_EXPECTED)
    assert len(_EXPECTED) == 49


@pytest.mark.parametrize("name", sorted(_EXPECTED))
def test_message_is_treated_as_the_rfc_says(name: str) -> None:
    trunk = Trunk()
    said = trunk.say((_FOLDER / f"{name}.dat").read_bytes())
    expected = _EXPECTED[name]
    assert [message.status for message in said] == ([] if expected is None else [expected])
    assert len(trunk.took(InviteReceived)) == (1 if expected == 100 else 0)


def test_bad_extension_names_every_unknown_option() -> None:
    said = Trunk().say((_FOLDER / "bext01.dat").read_bytes())
    assert said[0].get("Unsupported") == "nothingsupportsthis, nothingsupportsthiseither"


def test_second_request_in_a_datagram_is_ignored() -> None:
    trunk = Trunk()
    trunk.say((_FOLDER / "dblreq.dat").read_bytes())
    assert trunk.took(InviteReceived) == []


def test_tortuous_invite_is_read_whole() -> None:
    message = parse_message((_FOLDER / "wsinv.dat").read_bytes())
    assert message.call_id == "wsinv.ndaksdj@192.0.2.1"
    assert message.cseq == (9, "INVITE")
    assert message.sender.display == 'J Rosenberg \\"'
    assert message.to.tag == "1918181833n"
    assert message.via.branch == "390skdjuw"
    assert len(message.elements("Via")) == 3
    assert message.contact is not None
    assert message.contact.params == {"newparam": "newvalue", "secondparam": None, "q": "0.33"}
    assert message.sdp is not None
