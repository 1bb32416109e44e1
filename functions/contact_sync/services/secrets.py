"""Secret Manager: the newest version of a secret."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import OperatorMustAct, TransientForAll

if TYPE_CHECKING:
    from google.cloud.secretmanager import SecretManagerServiceClient

TIMEOUT = 10.0
"""Seconds for one read, the client's own retries included."""


def read(
    name: str,
    project: str,
    client: Callable[[], SecretManagerServiceClient] | None = None,
    timeout: float = TIMEOUT,
) -> str:
    """The text of version `latest` of a secret of `project`.

    Raises OperatorMustAct naming the secret where it is missing, disabled or not readable, and
    TransientForAll where Secret Manager does not answer. `client` makes another client than the usual one.
    """
    from google.api_core import exceptions
    from google.api_core.retry import Retry

    path = f"projects/{project}/secrets/{name}/versions/latest"
    try:
        answer = (client or _shared_client)().access_secret_version(
            name=path, timeout=timeout, retry=Retry(initial=0.5, timeout=timeout)
        )
        return answer.payload.data.decode("utf-8").rstrip("\r\n")
    except exceptions.NotFound:
        raise OperatorMustAct("secret_missing", f"there is no secret {name}, or it has no version") from None
    except (exceptions.Forbidden, exceptions.Unauthorized):
        raise OperatorMustAct(
            "secret_forbidden", f"the secret {name} may not be read by this function"
        ) from None
    except exceptions.BadRequest:
        # FailedPrecondition over gRPC is a BadRequest too.
        raise OperatorMustAct("secret_disabled", f"the latest version of secret {name} is disabled") from None
    except UnicodeDecodeError:
        raise OperatorMustAct("secret_malformed", f"the secret {name} is not text") from None
    except exceptions.GoogleAPIError:
        raise TransientForAll(
            "secrets_unavailable", f"Secret Manager did not give the secret {name}"
        ) from None


@functools.lru_cache(maxsize=1)
def _shared_client() -> SecretManagerServiceClient:
    from google.cloud.secretmanager import SecretManagerServiceClient

    return SecretManagerServiceClient()
