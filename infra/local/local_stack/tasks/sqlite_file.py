"""Queues, tasks and the names still taken, in an SQLite file."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from .queue import Queue
from .task import Task

SCHEMA = """
create table if not exists queues (name text primary key, state text not null, resource text not null);
create table if not exists tasks (name text primary key, queue text not null, row text not null);
create table if not exists tombstones (name text primary key, queue text not null, until real not null);
"""


class SqliteFile:
    """Every change is stored as it happens; a task being sent when the process died is sent again."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(SCHEMA)

    def load(self) -> list[Queue]:
        """All queues with their tasks, in the order in which those were created."""
        rows = self._connection.execute("select name, resource, state from queues").fetchall()
        queues = {name: Queue(name, json.loads(resource), state) for name, resource, state in rows}
        for queue, row in self._connection.execute("select queue, row from tasks order by rowid"):
            task = Task.from_row(row)
            queues[queue].tasks[task.name] = task
        for queue, name, until in self._connection.execute("select queue, name, until from tombstones"):
            queues[queue].tombstones[name] = until
        return list(queues.values())

    def save_queue(self, queue: Queue) -> None:
        """Store a queue and its state."""
        self._connection.execute(
            "insert or replace into queues values (?, ?, ?)",
            (queue.name, queue.state, json.dumps(queue.resource)),
        )

    def save_task(self, queue: str, task: Task) -> None:
        """Store a task and what came of it so far."""
        self._connection.execute(
            "insert into tasks values (?, ?, ?) on conflict (name) do update set row = excluded.row",
            (task.name, queue, task.to_row()),
        )

    def end_task(self, name: str, queue: str, until: float, now: float) -> None:
        """Remove a task and keep its name until then; forget names that are free again by now."""
        self._connection.execute("begin")
        self._connection.execute("delete from tasks where name = ?", (name,))
        self._connection.execute("delete from tombstones where until <= ?", (now,))
        self._connection.execute("insert or replace into tombstones values (?, ?, ?)", (name, queue, until))
        self._connection.execute("commit")

    def delete_queue(self, name: str) -> None:
        """Remove a queue and the names that were taken in it."""
        self._connection.execute("delete from tombstones where queue = ?", (name,))
        self._connection.execute("delete from queues where name = ?", (name,))

    def close(self) -> None:
        """Release the file."""
        self._connection.close()
