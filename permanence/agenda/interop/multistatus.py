# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is asked of a WebDAV server and how its multistatus is read (RFC 4918). XML with a document type is refused."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from permanence.agenda.interop.backends import CalendarFaulty
from permanence.agenda.rules.calendars import Fault
from permanence.foundation.outside import Answer

DAV, CAL, CS = "DAV:", "urn:ietf:params:xml:ns:caldav", "http://calendarserver.org/ns/"
HEADERS = {"Content-Type": "application/xml; charset=utf-8"}

type Properties = Mapping[str, ET.Element]


def asked(kind: str, *names: tuple[str, str]) -> bytes:
    """A question for properties, each by name and namespace."""
    tree = ET.Element(f"{{{DAV}}}{kind}")
    wanted = ET.SubElement(tree, f"{{{DAV}}}prop")
    for name, space in names:
        ET.SubElement(wanted, f"{{{space}}}{name}")
    return bytes(ET.tostring(tree, encoding="utf-8", xml_declaration=True))


def responses(answer: Answer) -> list[tuple[str, Properties]]:
    """By address (as it stands there) what is said of each, property by name. Raises CalendarFaulty."""
    try:
        tree = fromstring(answer.body, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise CalendarFaulty(Fault.NO_CALENDAR) from error
    return [
        (response.findtext(f"{{{DAV}}}href", "").strip(), {_local(each): each for each in _given(response)})
        for response in tree.iter(f"{{{DAV}}}response")
    ]


def text(properties: Properties, name: str) -> str:
    """The words of a property; "" where there is none."""
    element = properties.get(name)
    return "" if element is None else (element.text or "").strip()


def is_calendar(properties: Properties) -> bool:
    """Whether it is a collection of events."""
    return any(child.tag == f"{{{CAL}}}calendar" for child in properties.get("resourcetype", ()))


def _given(response: ET.Element) -> Iterator[ET.Element]:
    for state in response.iter(f"{{{DAV}}}propstat"):
        if " 200" in state.findtext(f"{{{DAV}}}status", " 200"):
            for properties in state.iter(f"{{{DAV}}}prop"):
                yield from properties


def _local(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]
