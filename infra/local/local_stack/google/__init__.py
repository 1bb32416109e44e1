"""Google's People API v1 and Google's sign-in, simulated in memory."""

from .grants import CONTACTS, EMAIL
from .people import Write
from .simulator import DEFAULT_SCOPES, GoogleSimulator

__all__ = ["CONTACTS", "DEFAULT_SCOPES", "EMAIL", "GoogleSimulator", "Write"]
