"""Cloud Tasks on one machine, for the real client library: over REST on loopback, or in process."""

from .delivery import Answer, Delivery
from .standin import TasksStandIn, in_process_client, rest_client
from .task import Task

__all__ = ["Answer", "Delivery", "Task", "TasksStandIn", "in_process_client", "rest_client"]
