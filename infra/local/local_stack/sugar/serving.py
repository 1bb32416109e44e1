"""A threaded HTTP/1.1 server on loopback for a WSGI application, with keep-alive and honest lost connections.

werkzeug's and wsgiref's servers close the connection after every answer, which no real Sugar does.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

WSGIApp = Callable[..., Iterable[bytes]]


class LoopbackServer(ThreadingHTTPServer):
    """Serves `app` on 127.0.0.1; the caller runs `serve_forever` and `shutdown`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, app: WSGIApp, port: int) -> None:
        super().__init__(("127.0.0.1", port), KeepAliveHandler)
        self.app = app

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hung up is no news; anything else is."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class KeepAliveHandler(BaseHTTPRequestHandler):
    """Keeps connections open; sends an answer as one write, so that no delayed acknowledgement stalls it."""

    server: LoopbackServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def answer(self) -> None:
        """Run the application; where it loses the connection, say nothing and hang up."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        try:
            content = b"".join(self.server.app(self._environ(body), self._start))
        except ConnectionError:
            self.close_connection = True
            return
        self.wfile.write(content)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are counted by the simulator, not printed."""

    def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        host, port = self.server.server_address[:2]
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path),
            "QUERY_STRING": query,
            "SERVER_NAME": str(host),
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": self.request_version,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        return environ


def serve(app: WSGIApp, port: int = 0) -> LoopbackServer:
    """A server on 127.0.0.1, port 0 being any free one; the caller runs `serve_forever` and `shutdown`."""
    return LoopbackServer(app, port)
