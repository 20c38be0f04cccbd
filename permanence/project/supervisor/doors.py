# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doors of a house with a public name: Caddy brings the certificate, and sends `/line` to the exchange. Pure."""

from permanence.project.config import Configuration
from permanence.project.supervisor.plan import Program

CADDYFILE = "Caddyfile"
AUTHORITY = "keys/caddy/pki/authorities/local/root.crt"
"""In the data folder: the root that browsers are told to trust with `public.tls = "internal"`."""


def caddyfile(configuration: Configuration) -> str:
    """Caddy's configuration: one name, two doors; no admin socket, its certificates in the data folder.

    With `public.tls = "internal"` Caddy signs the certificate itself: for a network whose browsers trust its root.
    Whoever comes without TLS, by whatever name or address, is sent to the address at which the microphone works.
    """
    store = configuration.data / "keys" / "caddy"
    line = f"{_host(configuration.line_host)}:{configuration.line_port}"
    site = f"{_host(configuration.web_host)}:{configuration.web_port}"
    own = "\ttls internal\n" if configuration.public_tls == "internal" else ""
    return f"""\
{{
\tadmin off
\tskip_install_trust
\tstorage file_system "{store}"
{_authority(configuration)}}}
http:// {{
\tredir https://{configuration.public_host}{{uri}}
}}
{configuration.public_host} {{
{own}\thandle /line {{
\t\treverse_proxy {line}
\t}}
\thandle {{
\t\treverse_proxy {site}
\t}}
}}
"""


def _authority(configuration: Configuration) -> str:
    """Who signs by ACME (RFC 8555) where it is not Let's Encrypt, and whose root that authority's own door shows."""
    if configuration.public_tls != "acme" or not configuration.public_acme_directory:
        return ""
    root = configuration.public_acme_root
    kept = f'\tacme_ca_root "{configuration.data / "keys" / root}"\n' if root else ""
    return f"\tacme_ca {configuration.public_acme_directory}\n{kept}"


def _host(host: str) -> str:
    """The address at which this machine reaches what listens on `host`."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{reached}]" if ":" in reached else reached


def doors(configuration: Configuration, caddy: str) -> Program:
    """The process; `caddy` is its absolute path. Caddy says nothing when it serves, so that nobody waits for it."""
    file = str(configuration.data / "run" / CADDYFILE)
    return Program("doors", (caddy, "run", "--config", file, "--adapter", "caddyfile"), says_ready=False)
