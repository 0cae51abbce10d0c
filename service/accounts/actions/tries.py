"""Tries at a secret: counted under the row's lock before the secret is looked at, forgotten once it was right.

See docs/decisions, "Waiting after wrong tries".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.accounts.models import SignInBackOff
from service.accounts.queries import email_index
from service.accounts.rules import (
    CODE_FAILURES_HALVE_EVERY,
    FAILURES_HALVE_EVERY,
    LONGEST_WAIT,
    LONGEST_WAIT_OVERALL,
    still_counted,
    wait_after,
)
from service.kit import crypto
from service.kit.network import line_of


def of_code(user_id: UUID) -> bytes:
    """The key of somebody's second factor. A right password says nothing about the codes tried."""
    return crypto.index(f"code:{user_id}", "code")


def of_link(link_id: UUID) -> bytes:
    """The key of the password asked for behind a link in a mail."""
    return crypto.index(f"link:{link_id}", "link")


def of_client(address: str, client: str | None) -> bytes:
    """The key of one client (the line its network address belongs to) at one e-mail address."""
    return crypto.index(f"{address}\x1f{line_of(client)}", "sign_in")


def of_place(client: str | None) -> bytes:
    """The key of whoever asks for links to new passwords from one line, for any address."""
    return crypto.index(f"reset from:{line_of(client)}", "link")


def allow(session: Session, key: bytes, wall_now: datetime, longest: timedelta = LONGEST_WAIT) -> bool:
    """Count one more try. False, and nothing is counted, while one must wait."""
    row, _ = _locked(session, key, wall_now)
    return _counted(row, wall_now, longest)


def allow_code(session: Session, user_id: UUID, wall_now: datetime) -> int | None:
    """Count one more try at somebody's second step. How many are counted now, or None while one must wait."""
    row, _ = _locked(session, of_code(user_id), wall_now)
    return row.failures if _counted(row, wall_now, LONGEST_WAIT, CODE_FAILURES_HALVE_EVERY) else None


def allow_password(session: Session, address: str, client: str | None, wall_now: datetime) -> bool:
    """Count a try for this client and, unless its last try was right, for the address as a whole.

    Whoever guesses waits long. The address waits a minute at most, and a client that came in before not even that.
    """
    here, new = _locked(session, of_client(address, client), wall_now)
    came_in_before = here.failures == 0 and not new
    if here.wait_until > wall_now:
        return False
    if not came_in_before and not allow(session, email_index(address), wall_now, LONGEST_WAIT_OVERALL):
        if new:
            session.delete(here)  # a row that counts nothing says "came in before": this client never did
        return False
    return _counted(here, wall_now, LONGEST_WAIT)


def forget(session: Session, *keys: bytes, wall_now: datetime) -> None:
    """The secret was right: the count starts again."""
    forgotten = {"failures": 0, "wait_until": wall_now}
    for key in keys:
        session.execute(update(SignInBackOff).where(SignInBackOff.email_index == key).values(forgotten))


def forget_password(session: Session, address: str, client: str | None, wall_now: datetime) -> None:
    """The password was right."""
    forget(session, of_client(address, client), email_index(address), wall_now=wall_now)


def _locked(session: Session, key: bytes, wall_now: datetime) -> tuple[SignInBackOff, bool]:
    """The row of `key`, locked until the transaction ends, and whether it was made just now."""
    made = insert(SignInBackOff).values(email_index=key, failures=0, wait_until=wall_now)
    made = made.on_conflict_do_nothing(index_elements=["email_index"])
    new = session.execute(made.returning(SignInBackOff.email_index)).scalar() is not None
    query = select(SignInBackOff).where(SignInBackOff.email_index == key).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one(), new


def _counted(
    row: SignInBackOff, wall_now: datetime, longest: timedelta, halve_every: timedelta = FAILURES_HALVE_EVERY
) -> bool:
    if row.wait_until > wall_now:
        return False
    row.failures = still_counted(row.failures, wall_now - row.wait_until, halve_every) + 1
    row.wait_until = wall_now + wait_after(row.failures, longest)
    return True
