"""Stripe-shaped errors (docs.stripe.com/api/errors)."""

from __future__ import annotations

from typing import Any


class StripeError(Exception):
    """What a caller did wrong, or what a bank said: a status and the `error` object of the answer.

    `saved` says whether an idempotency key remembers it: answers given before an endpoint starts to work are not.
    """

    def __init__(
        self, status: int, kind: str, message: str, *, code: str = "", param: str = "", saved: bool = True, **more: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.saved = saved
        self.error: dict[str, Any] = {"type": kind, "message": message, **more}
        if code:
            self.error["code"] = code
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        if param:
            self.error["param"] = param

    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        return {"error": self.error}


def refused(message: str, *, code: str = "", param: str = "") -> StripeError:
    """The request makes sense, the state of things does not allow it."""
    return StripeError(400, "invalid_request_error", message, code=code, param=param)


def malformed(message: str, *, code: str, param: str) -> StripeError:
    """The request itself is wrong; nothing was begun, so no idempotency key is spent on it."""
    return StripeError(400, "invalid_request_error", message, code=code, param=param, saved=False)


def missing(noun: str, identifier: str, *, param: str = "id", status: int = 404) -> StripeError:
    """There is no such object: 404 for the address itself, 400 for a parameter."""
    return StripeError(
        status, "invalid_request_error", f"No such {noun}: '{identifier}'", code="resource_missing", param=param
    )


def not_supported(what: str) -> StripeError:
    """Stripe can do this, the stand-in cannot: said aloud rather than half done."""
    return StripeError(
        400, "invalid_request_error", f"The sandbox's Stripe stand-in does not do {what} yet.", saved=False
    )
