"""The mails about an account. None says what the account is for."""

from __future__ import annotations

from datetime import datetime, timedelta

from service.accounts.rules.devices import browser_words
from service.accounts.rules.links import NEW_EMAIL_LINK_LIFE, RESET_LINK_LIFE, STOP_LINK_LIFE
from service.kit.format import moment
from service.mail.rules import Email

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def confirm_address(token: str) -> Email:
    """The link that proves the address. Opening it changes nothing; the button behind it does."""
    return Email("confirm_address", {"path": f"/confirm/{token}", "hours": 72})


def already_registered() -> Email:
    """To someone who signed up again, or whose address somebody typed: it says how to sign in."""
    return Email("already_registered", {"path": "/sign-in"})


def security_changed(what_code: str) -> Email:
    """Word that something people sign in with was changed. `what_code` is one of those in the template's what.txt:

    totp_added, totp_removed, passkey_added, passkey_removed, recovery_codes_made, recovery_code_used,
    password_changed, password_reset, email_changed, phone_changed, address_changed. Another code says it in general.
    """
    return Email("security_change", {"what": what_code, "path": "/sign-in"})


def sign_in_code(code: str, minutes: int) -> Email:
    """A code that finishes one sign-in, or proves once more who it is."""
    return Email("sign_in_code", {"code": code, "minutes": minutes})


def codes_tried() -> Email:
    """Word that somebody knew the password and got the step after it wrong several times."""
    return Email("codes_tried", {"path": "/forgot-password"})


def new_sign_in(*, at: datetime, zone: str, agent: str | None, locale: str) -> Email:
    """Word that the account was opened in a browser that had not been used before: when (in `zone`), and in which."""
    browser, device = browser_words(agent)
    facts = {"path": "/sign-in", "when": moment(at, zone, "long", locale), "browser": browser, "device": device}
    return Email("new_sign_in", facts)


def email_changed() -> Email:
    """To an address that was an account's until now: whom to call. It leads nowhere, because it signs in no more."""
    return Email("email_changed", {})


def staff_invitation(name: str, token: str) -> Email:
    """The link to a place on the team. Opening it changes nothing; the form behind it makes the account."""
    return Email("staff_invitation", {"name": name, "path": f"/invitation/{token}", "hours": 72})


def staff_separate_address(name: str) -> Email:
    """To an address that has an account of another kind and was invited all the same: staff use one of their own."""
    return Email("staff_separate_address", {"name": name, "path": "/sign-in"})


def staff_account(name: str, what_code: str) -> Email:
    """Word that an owner or the command line changed somebody's place on the team.

    `what_code` is role, deactivated, reactivated, factor_reset, sign_ins_ended or owner_made.
    """
    return Email("staff_account", {"name": name, "what": what_code, "path": "/sign-in"})


def reset_password(token: str) -> Email:
    """The link to a new password. Opening it changes nothing; the form behind it does."""
    return Email("reset_password", {"path": f"/reset-password/{token}", "minutes": RESET_LINK_LIFE // MINUTE})


def confirm_new_email(token: str) -> Email:
    """To the new address: the link that proves it. The password is asked for behind it."""
    return Email("confirm_new_email", {"path": f"/new-email/{token}", "minutes": NEW_EMAIL_LINK_LIFE // MINUTE})


def new_email_asked(token: str) -> Email:
    """To the address that stands: somebody wants another one, and how to stop it."""
    return Email("new_email_asked", {"path": f"/stop-new-email/{token}", "hours": STOP_LINK_LIFE // HOUR})
