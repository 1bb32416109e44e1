"""A grpc.Channel that calls the stand-in in the same thread: the real client library without a socket.

Requests and responses still pass through the client's own serialisers: what arrives is what a wire would
carry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeAlias

import grpc

from .errors import StatusError

Serve: TypeAlias = Callable[[str, bytes], list[bytes]]
Serializer: TypeAlias = Callable[[Any], bytes]
Deserializer: TypeAlias = Callable[[bytes], Any]


class InProcessError(grpc.RpcError):  # type: ignore[misc]
    """A refused call. It answers like the real channel's error, which the client library maps to its own."""

    def __init__(self, error: StatusError) -> None:
        super().__init__(str(error))
        self._error = error

    def code(self) -> grpc.StatusCode:
        """The gRPC status."""
        return self._error.code

    def details(self) -> str:
        """The message."""
        return self._error.message

    def trailing_metadata(self) -> tuple[()]:
        """None is sent."""
        return ()

    def result(self) -> NoReturn:
        """The client's interceptor treats a failed call as a future and asks for its result."""
        raise self


class _Answered:
    """The ended call that goes with a response."""

    def trailing_metadata(self) -> tuple[()]:
        return ()


class _UnaryUnary:
    def __init__(self, serve: Callable[[bytes], list[bytes]], write: Serializer, read: Deserializer) -> None:
        self._serve, self._write, self._read = serve, write, read

    def __call__(self, request: Any, **options: Any) -> Any:
        return self.with_call(request, **options)[0]

    def with_call(self, request: Any, **_options: Any) -> tuple[Any, _Answered]:
        (response,) = self._serve(self._write(request))
        return self._read(response), _Answered()


class _UnaryStream:
    def __init__(self, serve: Callable[[bytes], list[bytes]], write: Serializer, read: Deserializer) -> None:
        self._serve, self._write, self._read = serve, write, read

    def __call__(self, request: Any, **_options: Any) -> Iterator[Any]:
        return map(self._read, self._serve(self._write(request)))


class InProcessChannel(grpc.Channel):  # type: ignore[misc]
    """Every call of one client or of many, served by `serve(rpc, request bytes)`."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve

    def unary_unary(
        self, method: str, write: Serializer, read: Deserializer, _registered: bool = False
    ) -> _UnaryUnary:
        """A call with one response."""
        return _UnaryUnary(self._bound(method), write, read)

    def unary_stream(
        self, method: str, write: Serializer, read: Deserializer, _registered: bool = False
    ) -> _UnaryStream:
        """A call with a stream of responses."""
        return _UnaryStream(self._bound(method), write, read)

    def stream_unary(self, method: str, *_serializers: Any) -> Callable[..., NoReturn]:
        """Client streams are not served."""
        return self._refuse(method)

    def stream_stream(self, method: str, *_serializers: Any) -> Callable[..., NoReturn]:
        """Neither are streams in both directions: Listen and Write."""
        return self._refuse(method)

    def subscribe(
        self, callback: Callable[[grpc.ChannelConnectivity], None], try_to_connect: bool = False
    ) -> None:
        """The channel is ready and stays so."""
        callback(grpc.ChannelConnectivity.READY)

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], None]) -> None:
        """Nothing more would be reported anyway."""

    def close(self) -> None:
        """Nothing is held open."""

    def __enter__(self) -> InProcessChannel:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _bound(self, method: str) -> Callable[[bytes], list[bytes]]:
        rpc = method.rpartition("/")[2]

        def serve(request: bytes) -> list[bytes]:
            try:
                return self._serve(rpc, request)
            except StatusError as error:
                raise InProcessError(error) from error

        return serve

    def _refuse(self, method: str) -> Callable[..., NoReturn]:
        def refused(*_arguments: Any, **_options: Any) -> NoReturn:
            raise InProcessError(StatusError(grpc.StatusCode.UNIMPLEMENTED, f"{method} is not served"))

        return refused
