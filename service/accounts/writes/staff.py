"""What happens to the place of somebody on the team, and to what they hold, inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from service.accounts import emails
from service.accounts.models import Invitation, KnownDevice, OneTimeCode, Passkey, RecoveryCode, SignIn, User
from service.accounts.queries.people import email_index, names_of
from service.accounts.queries.staff import invitation_address, invitation_name
from service.accounts.rules.staff import INVITATION_LIFE
from service.kit import crypto
from service.kit.ids import new_id, new_token, token_hash
from service.mail import writes as mail


def add_invitation(
    session: Session, *, email: str, name: str, role: str, invited_by: UUID | None, wall_now: datetime
) -> tuple[Invitation, str]:
    """A place that waits for one person, and the token of the link to it. `email` is normalised already."""
    invitation_id, token = new_id(), new_token()
    row = Invitation(
        id=invitation_id,
        email_sealed=crypto.seal(email, "invitations", "email", invitation_id),
        email_index=email_index(email),
        name_sealed=crypto.seal(name, "invitations", "name", invitation_id),
        role=role,
        token_hash=token_hash(token),
        invited_by=invited_by,
        created_at=wall_now,
        expires_at=wall_now + INVITATION_LIFE,
    )
    session.add(row)
    session.flush()
    return row, token


def renew_invitation(row: Invitation, wall_now: datetime) -> str:
    """A new link for the same place; the one sent before no longer works. Returns the new token."""
    token = new_token()
    row.token_hash, row.created_at, row.expires_at = token_hash(token), wall_now, wall_now + INVITATION_LIFE
    return token


def send_invitation(
    session: Session, row: Invitation, token: str, *, address_is_a_patients: bool, now: datetime
) -> None:
    """Mail the link. To an address that a patient uses goes word that staff use one of their own, and no link.

    The owner sees the same either way: who is a patient is not theirs to learn by inviting.
    """
    name = invitation_name(row).split(" ")[0]
    email = emails.staff_separate_address(name) if address_is_a_patients else emails.staff_invitation(name, token)
    mail.put(session, email, key=f"invitation:{row.id}:{new_id()}", address=invitation_address(row), now=now)


def withdraw_invitations_by(session: Session, user_id: UUID, wall_now: datetime) -> None:
    """What somebody offered while they were an owner is no longer on offer."""
    offered = (Invitation.invited_by == user_id, Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
    session.execute(update(Invitation).where(*offered).values(withdrawn_at=wall_now))


def end_sign_ins(session: Session, user_id: UUID, wall_now: datetime) -> None:
    """Everywhere this person is signed in, they are not from the next request on."""
    session.execute(
        update(SignIn).where(SignIn.user_id == user_id, SignIn.revoked_at.is_(None)).values(revoked_at=wall_now)
    )


def drop_second_factor(session: Session, user: User, wall_now: datetime) -> None:
    """Whatever proved that it is them beside the password no longer does. The next sign-in sets up something new."""
    user.totp_sealed = user.totp_last_step = None
    user.totp_pending_sealed = user.totp_pending_for = user.totp_pending_at = None
    standing = (
        (Passkey, Passkey.removed_at, {"removed_at": wall_now}),
        (RecoveryCode, RecoveryCode.replaced_at, {"replaced_at": wall_now}),
        (KnownDevice, KnownDevice.forgotten_at, {"forgotten_at": wall_now}),
        (OneTimeCode, OneTimeCode.used_at, {"used_at": wall_now}),
    )
    for table, ended_at, values in standing:
        session.execute(update(table).where(table.user_id == user.id, ended_at.is_(None)).values(values))


def tell_staff(session: Session, user: User, what: str, now: datetime) -> None:
    """Mail somebody on the team what was done to their account: a code of `emails.staff_account`.

    To the address itself: who was deactivated is nobody to the outbox, and should know all the same.
    """
    address = crypto.unseal(user.email_sealed, "users", "email", user.id)
    name = names_of(user.display_name_sealed, user.id)[0]
    mail.put(session, emails.staff_account(name, what), key=f"staff:{new_id()}", address=address, now=now)
