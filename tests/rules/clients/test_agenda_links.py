# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which links to an external agenda may be opened."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.clients.rules.agenda_links import LINK_LIMIT, LinkUnfit, read_link

GOOD = {
    "https://www.doctolib.fr/medecin/strasbourg/dr-dupont?pid=practice-4#b": "www.doctolib.fr",
    " https://app.maiia.com/ ": "app.maiia.com",
    "https://WWW.Doctena.lu/x": "www.doctena.lu",
    "https://agenda.example:8443/": "agenda.example",
    "https://xn--mdecin-bva.example/": "xn--mdecin-bva.example",
    "HTTPS://keldoc.com": "keldoc.com",
}
BAD = {
    "http://www.doctolib.fr/": "link_not_https",
    "javascript:alert(1)": "link_not_https",
    "data:text/html,x": "link_not_https",
    "//www.doctolib.fr/": "link_not_https",
    "www.doctolib.fr": "link_not_https",
    "": "link_malformed",
    "https://claire:secret@www.doctolib.fr/": "link_secret",
    "https://@www.doctolib.fr/": "link_secret",
    "https://www.doctolib.fr@evil.example/": "link_secret",
    "https://localhost/": "link_host",
    "https://127.0.0.1/": "link_host",
    "https://[::1]/": "link_host",
    "https://2130706433/": "link_host",
    "https://0x7f.1/": "link_host",
    "https:///x": "link_host",
    "https://www..fr/": "link_host",
    "https://-a.fr/": "link_host",
    "https://www.doctolib.fr\\@evil.example/": "link_malformed",
    "https://doctolib.fr/ a": "link_malformed",
    "https://doctolib.fr/\na": "link_malformed",
    "https://doctolib.fr/\u202ea": "link_malformed",
    "https://dóctolib.fr/": "link_malformed",
    "https://[bad/": "link_malformed",
    "https://doctolib.fr:99999/": "link_malformed",
    "https://doctolib.fr/" + "a" * LINK_LIMIT: "link_malformed",
}


@pytest.mark.parametrize(("text", "host"), GOOD.items())
def test_a_link_to_a_site_by_its_name_is_opened_and_says_whose_it_is(text, host):
    assert read_link(text).host == host
    assert read_link(text).text == text.strip()


@pytest.mark.parametrize(("text", "code"), BAD.items())
def test_every_other_is_refused_with_its_reason(text, code):
    with pytest.raises(LinkUnfit) as refused:
        read_link(text)
    assert refused.value.code == code


@given(text=st.one_of(st.text(), st.from_regex(r"https://[!-~]{0,40}", fullmatch=True)))
def test_what_passes_is_https_to_that_host_and_carries_nobodys_name(text):
    try:
        found = read_link(text)
    except LinkUnfit:
        return
    parts = urlsplit(found.text)
    assert (parts.scheme, parts.hostname, parts.username, parts.password) == ("https", found.host, None, None)
    assert read_link(found.text) == found
