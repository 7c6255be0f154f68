"""Work outside a request, on behalf of the account: ministack's stores need to know account and region."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def account_scope(account: str, region: str) -> Iterator[None]:
    """Act for `account` in `region`, as an AWS service does: over TLS."""
    from ministack.core.iam_evaluator import pin_request_origin  # noqa: PLC0415 - reads settings at import
    from ministack.core.responses import request_scope  # noqa: PLC0415 - as above

    with request_scope(account, region):
        pin_request_origin("127.0.0.1", True)
        yield
