"""A simulator of SugarCRM's REST API, close enough that public clients work against it unchanged."""

from .faults import Fault, FaultPlan
from .fields import Field
from .records import Write
from .simulator import SugarSimulator

__all__ = ["Fault", "FaultPlan", "Field", "SugarSimulator", "Write"]
