"""The three deployed functions: dispatcher, worker and web. They parse, delegate, and turn errors into a status."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any

import functions_framework
from flask import Flask, Request, Response, jsonify
from werkzeug.wrappers import Response as BaseResponse

from contact_sync import composition, logs
from contact_sync.config import Config, ConfigError, Function, load
from contact_sync.errors import TransientForAll
from contact_sync.sync.request import BadRequest, parse

if TYPE_CHECKING:
    from contact_sync.store.database import Database
    from contact_sync.sync.engine import Engine

log = logging.getLogger("contact_sync.main")


@lru_cache(maxsize=1)
def _config(function: Function) -> Config:
    project = os.environ.get("GOOGLE_CLOUD_PROJECT", "")
    logs.set_up(project)
    return load(os.environ, function, composition.secret_reader(project))


@lru_cache(maxsize=1)
def _engine(function: Function) -> Engine:
    engine = composition.engine(_config(function))
    composition.record_start(engine.db, function, os.environ)
    return engine


@lru_cache(maxsize=1)
def _dispatcher_database() -> Database:
    db = composition.database(_config("dispatcher"))
    composition.record_start(db, "dispatcher", os.environ)
    return db


def _trace(request: Request) -> str | None:
    return request.headers.get("X-Cloud-Trace-Context")


def _refused(status: int, code: str, message: str) -> Response:
    response = jsonify({"error": {"code": code, "message": message}})
    response.status_code = status
    return response


def _answer(what: str, do: Callable[[], Mapping[str, Any]], **more: Any) -> Response:
    """What a piece of work comes to. What nobody foresaw is logged here, where the log still knows whose work it is.

    Left to the framework it would be logged later, and its text would be the answer.
    """
    try:
        return jsonify(do())
    except TransientForAll as error:
        # Cloud Tasks backs the whole queue off.
        response = _refused(503, error.code, error.message)
        response.headers["Retry-After"] = str(int(error.retry_after or 30))
        return response
    except Exception as error:
        log.error(f"{what} crashed", exc_info=error, extra=more)
        return _refused(500, "internal", "The log says what went wrong.")


def _configured(function: Callable[[Request], BaseResponse]) -> Callable[[Request], BaseResponse]:
    """Have a configuration that cannot be used answer 500 and write a line for each thing that is wrong with it.

    Left to the framework it would be a stack trace that names neither the variable nor the secret.
    """

    @wraps(function)
    def answer(request: Request) -> BaseResponse:
        try:
            return function(request)
        except ConfigError as error:
            with logs.context(trace=_trace(request)):
                for problem in error.problems:
                    log.error(problem, extra={"code": "configuration"})
        return _refused(500, "configuration", "The log says what is not set up.")

    return answer


@functions_framework.http
@_configured
def dispatcher(request: Request) -> BaseResponse:
    """POST /: enqueue one task per due user."""
    from contact_sync.sync.dispatch import dispatch

    config = _config("dispatcher")

    def work() -> Mapping[str, Any]:
        try:
            queue = composition.worker_queue(config)
            answer = dispatch(_dispatcher_database(), queue.many, composition.utc_now(), queue.many_bulk)
        except TransientForAll as error:
            log.warning("dispatch failed", extra={"code": error.code})
            raise
        log.info("dispatched", extra={"function": "dispatcher", "count": answer["enqueued"]})
        return answer

    with logs.context(trace=_trace(request)):
        return _answer("dispatch", work)


@functions_framework.http
@_configured
def worker(request: Request) -> BaseResponse:
    """POST /: one run of one user."""
    from contact_sync.sync.work import GivenUp, work

    engine = _engine("worker")
    try:
        asked = parse(request.get_data())
    except BadRequest as error:
        return _refused(400, "bad_request", str(error))
    with logs.context(trace=_trace(request), run=asked.run, user=asked.user):
        retries = int(request.headers.get("X-CloudTasks-TaskRetryCount") or 0)
        last = retries + 1 >= _config("worker").tasks_max_attempts

        def attempt() -> Mapping[str, Any]:
            try:
                return work(engine, asked, last_attempt=last)
            except TransientForAll as error:
                log.warning("run failed", extra={"code": error.code, "attempt": retries})
                if isinstance(error, GivenUp):
                    # The queue may keep a task longer than its attempts; this one is over.
                    return {"run": asked.run, "phase": "failed", "error": error.code}
                raise

        return _answer("run", attempt, attempt=retries)


@functions_framework.http
@_configured
def web(request: Request) -> BaseResponse:
    """The user's own pages and JSON API."""
    app = _web_app()
    with logs.context(trace=_trace(request)):
        return Response.from_app(app, request.environ)


@lru_cache(maxsize=1)
def _web_app() -> Flask:
    from contact_sync.web.app import create_app

    return create_app(_config("web"), _engine("web"))
