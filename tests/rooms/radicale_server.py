# SPDX-License-Identifier: AGPL-3.0-or-later
"""A CalDAV server of another product on this machine: Radicale with its own files, its own user and real HTTP."""

import http.client
import logging
import threading
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from radicale import config
from radicale.app import Application

USER, PASSWORD = "anne", "mot-de-passe-canari"
CALENDAR = """<?xml version="1.0"?><mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop>
<resourcetype><collection/><C:calendar/></resourcetype><displayname>Privé</displayname></prop></set></mkcol>"""


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@dataclass
class Server:
    port: int
    seen: list
    users: Path
    password: str = PASSWORD

    def use(self, password):
        """Another password from now on."""
        self.password = password
        self.users.write_text(f"{USER}:{password}\n")

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}/{USER}/private/"

    def ask(self, method, path="", body=b"", **headers):
        """As the doctor's telephone does it."""
        login = {"Authorization": "Basic " + b64encode(f"{USER}:{self.password}".encode()).decode()}
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            line.request(method, f"/{USER}/private/{path}", body, login | headers)
            answer = line.getresponse()
            return answer.status, answer.read().decode()
        finally:
            line.close()


@contextmanager
def radicale(folder):
    users = folder / "users"
    users.write_text(f"{USER}:{PASSWORD}\n")
    settings = config.load()
    settings.update(
        {
            "auth": {"type": "htpasswd", "htpasswd_filename": str(users), "htpasswd_encryption": "plain"},
            "storage": {"filesystem_folder": str(folder / "collections")},
            "rights": {"type": "owner_only"},
            "web": {"type": "none"},
        },
        "tests",
        privileged=True,
    )
    logging.getLogger("radicale").setLevel(logging.CRITICAL)
    app, seen = Application(settings), []

    def counted(environ, start_response):
        seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"].rpartition("/")[2]))
        return app(environ, start_response)

    server = WSGIServer(("127.0.0.1", 0), _Quiet)
    server.set_app(counted)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        found = Server(port=server.server_port, seen=seen, users=users)
        status, said = found.ask("MKCOL", body=CALENDAR.encode())
        assert status == 201, said
        seen.clear()
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
