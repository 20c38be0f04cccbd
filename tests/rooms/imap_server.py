# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real IMAP server for the tests: Debian's Dovecot as an ordinary user, on free loopback ports, thrown away after.

Its configuration lies in its own temporary folder; the one of the machine is never read. Run by root it becomes
`nobody`, because Dovecot gives no mail to root. Versions 2.3 (Ubuntu 24.04) and 2.4 (Debian 13) are spoken.
"""

import contextlib
import grp
import imaplib
import os
import pwd
import shutil
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.processes import free_port

USER = "receipts@centre.example"
PASSWORD = 'p ä"ss\\w€rd'
"""What a person may choose: a space, a quote, a backslash, letters outside ASCII."""
READY = "starting up for imap"

HEAD = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
"""
COMMON = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_uid = {uid}
mail_gid = {gid}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service stats {{
  chroot =
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
ssl = required
auth_mechanisms = plain login
auth_failure_delay = 0 secs
"""
NEW = """
mail_plugins {{
  acl = yes
}}
acl_driver = vfile
ssl_server_cert_file = {folder}/imap.pem
ssl_server_key_file = {folder}/imap.pem
mail_driver = maildir
mail_path = {folder}/mail
mail_home = {folder}
passdb passwd-file {{
  passwd_file_path = {folder}/users
}}
userdb static {{
}}
namespace inbox {{
  inbox = yes
}}
"""
OLD = """
mail_plugins = acl
plugin {{
  acl = vfile
}}
ssl_cert = <{folder}/imap.pem
ssl_key = <{folder}/imap.pem
mail_location = maildir:{folder}/mail
mail_home = {folder}
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
namespace inbox {{
  inbox = yes
}}
"""


def certificate(path: Path) -> None:
    """A key and a certificate for 127.0.0.1, signed by itself: whoever trusts this file trusts the server."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    at = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=9999))
        .not_valid_after(at + timedelta(days=9999))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))


def program() -> str:
    """Dovecot's path. It is the test's to fail, not to be skipped, where the package is missing."""
    found = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None or not Path("/usr/lib/dovecot/imap").exists():
        raise RuntimeError("Dovecot is not installed: sudo apt-get install dovecot-imapd")
    return found


class Dovecot:
    """A running server. `port` speaks STARTTLS, `tls_port` TLS; both show `certificate`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="permanence-imap-"))
        self.port, self.tls_port = free_port(), free_port()
        self.certificate = self.folder / "imap.pem"
        self.log: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._reader = threading.Thread()

    def make(self) -> None:
        """Write its folder: configuration, certificate, the one account, an empty mailbox."""
        account = _account()
        certificate(self.certificate)
        for name in ("mail", "run"):
            (self.folder / name).mkdir()
        (self.folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
        values = {
            "folder": self.folder,
            "user": account.pw_name,
            "group": grp.getgrgid(account.pw_gid).gr_name,
            "uid": account.pw_uid,
            "gid": account.pw_gid,
            "port": self.port,
            "tls_port": self.tls_port,
        }
        version = subprocess.run([program(), "--version"], capture_output=True, text=True, check=True).stdout
        template = COMMON + OLD if version.startswith("2.3.") else HEAD + COMMON + NEW
        (self.folder / "dovecot.conf").write_text(template.format(**values), encoding="utf-8")
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid)
            path.chmod(0o700 if path.is_dir() else 0o600)

    def start(self) -> None:
        """Start it, for the first time or again with the same mailbox; comes back when it takes connections."""
        account = _account()
        read, write = os.pipe()
        os.fchown(write, account.pw_uid, account.pw_gid)
        ready = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(read, ready), daemon=True)
        self._process = subprocess.Popen(
            [program(), "-F", "-c", str(self.folder / "dovecot.conf")],
            stdin=subprocess.DEVNULL,
            stdout=write,
            stderr=write,
            text=True,
            **({"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}),
        )
        os.close(write)
        self._reader.start()
        if not ready.wait(30):
            self.stop()
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError("Dovecot did not start:\n" + "\n".join(self.log))

    def stop(self) -> None:
        """Stop it; its connections end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None
            self._reader.join(30)

    def close(self) -> None:
        """Stop it and delete all of it."""
        self.stop()
        shutil.rmtree(self.folder)

    def _read(self, pipe: int, ready: threading.Event) -> None:
        with open(pipe, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                self.log.append(line.rstrip())
                if READY in line:
                    ready.set()
        ready.set()  # it ended

    def allow(self, folder: str, rights: str) -> None:
        """Let the owner have only these rights (RFC 4314) in a folder, whose name is as IMAP writes it."""
        path = self.folder / "mail" / f".{folder}" / "dovecot-acl"
        path.write_text(f"owner {rights}\n", encoding="ascii")
        os.chown(path, _account().pw_uid, _account().pw_gid)

    @contextlib.contextmanager
    def owner(self, folder: str = "INBOX") -> Iterator[imaplib.IMAP4_SSL]:
        """The person whose mailbox it is, at her own mail program, with `folder` (as IMAP writes it) open."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        with imaplib.IMAP4_SSL("127.0.0.1", self.tls_port, ssl_context=context, timeout=20) as mailbox:
            mailbox.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
            mailbox.select(folder)
            yield mailbox


def _account() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
