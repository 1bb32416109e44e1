"""SugarCRM's REST API (v11_12 and later): a user's contacts, and the server as its administrator sees it."""

from .calls import UserToken
from .contacts import SugarContacts
from .feed import ChangePage, DeletionPage, FeedPosition, Look
from .listing import Scope
from .records import Fetched
from .server import SugarServer
from .session import SessionStore, SharedSession
from .transport import SugarConfig
from .writes import NOT_SENT, SugarWrite, WriteResult

__all__ = [
    "NOT_SENT",
    "ChangePage",
    "DeletionPage",
    "FeedPosition",
    "Fetched",
    "Look",
    "Scope",
    "SessionStore",
    "SharedSession",
    "SugarConfig",
    "SugarContacts",
    "SugarServer",
    "SugarWrite",
    "UserToken",
    "WriteResult",
]
