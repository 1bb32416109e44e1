"""What a test or demo may set about the simulated Google."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass
class Knobs:
    """Settings of the simulator; all may be changed while it runs."""

    latency: float = 0.0
    """Seconds every request takes."""
    propagation_delay: float = 10.0
    """Seconds until listings, the sync feed and search show a change."""
    expired_status: str = "FAILED_PRECONDITION"
    """Status name in the answer to an expired sync token; reports also have INVALID_ARGUMENT."""
    sync_token_lifetime: timedelta = timedelta(days=7)
    """Counted from the full sync at the start of the chain of tokens."""
    reject_list_etags: bool = False
    """Refuse updates with a person etag that came from a listing."""
    contact_cap: int = 25_000
    """Contacts per account, the trash included."""
    page_limit: int = 1000
    """Most contacts on a page of a listing, whatever is asked for."""
    quotas: dict[str, int] = field(default_factory=dict)
    """Units per minute and user of critical_read, critical_write, write, read; daily_contact_write per day.
    A bucket that is missing is unlimited."""
    full_sync_quota: int | None = None
    """First pages of full syncs per hour and user; None is unlimited."""
    region: str = "US"
    """Country of phone numbers that are written without one."""
    redirect_uris: Sequence[str] | None = None
    """The registered addresses of the OAuth client; None accepts any."""
    refresh_token_lifetime: timedelta | None = None
    """Seven days for an app in testing; None is unlimited."""
    access_token_lifetime: int = 3599
    """In seconds."""
