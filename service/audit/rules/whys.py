"""Why something was done, and what was only tried, as a person would say it. Pure; translated where it is shown."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from service.kit.errors import words

WHYS: Final = MappingProxyType(
    {
        # With what, or after what, somebody came in.
        "app": words("With a code from an app"),
        "mail": words("With a code by email"),
        "passkey": words("With a passkey"),
        "recovery": words("With a recovery code"),
        "prove": words("To prove again who they are"),
        "second_step_due": words("The password was right; the second step was to come"),
        # What stood in the way.
        "door": words("The page is not for this role"),
        "outside_care_team": words("Not on the care team"),
        "wait": words("Too many tries: had to wait"),
        "email_wait": words("Too many tries: had to wait"),
        "password_wait": words("Too many tries: had to wait"),
        "password_wrong": words("The password was wrong"),
        "email_syntax": words("What was typed is no email address"),
        "known_address": words("The address has an account already"),
        "link_expired": words("The link had run out or was used"),
        "stale_form": words("The page had been open for too long"),
        "too_large": words("Too much was sent"),
        "too_often": words("Too many requests"),
        # By which right a record was opened, and what a review found.
        "break_glass": words("By an emergency look"),
        "clinical": words("On the care team, with what is clinical"),
        "logistics": words("On the care team, without what is clinical"),
        "emergency": words("An emergency"),
        "covering": words("Stood in for a colleague"),
        "asked": words("The patient asked"),
        "other": words("Another reason"),
        "justified": words("It was justified"),
        "not_justified": words("It was not justified"),
        # Why somebody left a care team.
        "handed": words("A colleague looks after the patient now"),
        "done": words("Their part was done"),
        "away": words("Away or leaving"),
        "mistake": words("Added by mistake"),
        # Roles, where one was given.
        "owner": words("Owner"),
        "clinician": words("Clinician"),
        "coordinator": words("Care coordinator"),
        "billing": words("Billing"),
        "auditor": words("Auditor"),
    }
)
# An act that did not come to pass, where "Turned down" beside its name would say that it did.
TRIED: Final = MappingProxyType(
    {
        "account.add_passkey": words("Tried to add a passkey"),
        "account.add_totp": words("Tried to add codes from an app"),
        "account.ask_for_new_email": words("Tried to change the email address"),
        "account.change_password": words("Tried to change the password"),
        "account.join": words("Tried to join"),
        "account.prove": words("Tried to prove again who they are"),
        "account.reset_password": words("Tried to set a new password by a link"),
        "account.second_factor": words("Tried to give a second step"),
        "account.sign_in": words("Tried to sign in"),
    }
)


def say_why(reason: str | None) -> str:
    """The reason of an entry, in English. What has no words here (a name, a number, a sentence) stands for itself."""
    return WHYS.get(reason or "", reason or "")
