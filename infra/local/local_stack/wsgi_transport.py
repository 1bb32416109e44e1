"""A `requests` transport that calls a WSGI application in process: the same simulators without a socket.

Tests mount it on the sessions of the real adapters. It is also the one place where a test counts outside calls,
kills a run around one of them, or changes the world in the middle of a run.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

WSGIApp = Callable[..., Iterable[bytes]]


class WSGITransport(BaseAdapter):
    """Serves every request of a session from `app`.

    `calls` lists (method, path without query) in order; `address` is where the caller seems to be. `before` runs ahead
    of the application and `after` once its effect is there but before the caller sees the answer; either may raise to
    stand for a crash or a lost connection.
    A streamed server error such as a dropped connection is raised by the application as ConnectionError and reaches
    the caller as `requests.ConnectionError`.
    """

    def __init__(self, app: WSGIApp) -> None:
        super().__init__()
        self.app = app
        self.calls: list[tuple[str, str]] = []
        self.address = "203.0.113.1"
        self.before: Callable[[requests.PreparedRequest], None] | None = None
        self.after: Callable[[requests.PreparedRequest, requests.Response], None] | None = None

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Run the application on the request and wrap what it answers."""
        split = urlsplit(request.url or "")
        self.calls.append((request.method or "GET", split.path))
        if self.before:
            self.before(request)
        status, headers, body = self._run(
            request, split.scheme, split.netloc, split.path, split.query, timeout
        )
        response = requests.Response()
        code, _, reason = status.partition(" ")
        response.status_code = int(code)
        response.reason = reason
        response.headers.update(dict(headers))
        response.raw = HTTPResponse(
            body=io.BytesIO(body),
            headers=dict(headers),
            status=int(code),
            reason=reason,
            preload_content=False,
        )
        response.url = request.url or ""
        response.encoding = requests.utils.get_encoding_from_headers(response.headers)
        response.request = request
        if self.after:
            self.after(request, response)
        return response

    def _run(
        self, request: requests.PreparedRequest, scheme: str, netloc: str, path: str, query: str, timeout: Any
    ) -> tuple[str, list[tuple[str, str]], bytes]:
        body = request.body or b""
        data = body.encode() if isinstance(body, str) else bytes(body)
        host, _, port = netloc.partition(":")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method or "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path),
            "QUERY_STRING": query,
            "SERVER_NAME": host,
            "SERVER_PORT": port or ("443" if scheme == "https" else "80"),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": self.address,
            "CONTENT_LENGTH": str(len(data)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": scheme,
            "wsgi.input": io.BytesIO(data),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "client.timeout": timeout,
        }
        for name, value in request.headers.items():
            key = name.upper().replace("-", "_")
            text = value.decode() if isinstance(value, bytes) else value
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
        captured: list[Any] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[..., None]:
            captured[:] = [status, headers]
            return lambda _data: None

        try:
            chunks = self.app(environ, start_response)
            content = b"".join(chunks)
        except TimeoutError as error:
            raise requests.Timeout(str(error), request=request) from error
        except ConnectionError as error:
            raise requests.ConnectionError(str(error), request=request) from error
        return captured[0], captured[1], content

    def close(self) -> None:
        """Nothing is held open."""
