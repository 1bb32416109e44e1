"""Firestore on one machine, for the real client library: over gRPC on loopback, or in process."""

from .counters import Count, Counters
from .errors import StatusError
from .shapes import QueryShape
from .standin import FirestoreStandIn, in_process_client

__all__ = ["Count", "Counters", "FirestoreStandIn", "QueryShape", "StatusError", "in_process_client"]
