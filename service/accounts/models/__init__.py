"""People, the doors they came through, what lets them in, and who looks after whom."""

from __future__ import annotations

from service.accounts.models.care import BreakGlass, CareTeamMember
from service.accounts.models.doors import (
    Invitation,
    KeptForm,
    KnownDevice,
    OneTimeCode,
    OneTimeLink,
    SignIn,
    SignInBackOff,
)
from service.accounts.models.factors import Passkey, RecoveryCode, SpentChallenge
from service.accounts.models.people import ROLES, Patient, User
from service.accounts.models.recovery import ConfirmationRequest, ResetRequest

__all__ = [
    "ROLES",
    "BreakGlass",
    "CareTeamMember",
    "ConfirmationRequest",
    "Invitation",
    "KeptForm",
    "KnownDevice",
    "OneTimeCode",
    "OneTimeLink",
    "Passkey",
    "Patient",
    "RecoveryCode",
    "ResetRequest",
    "SignIn",
    "SignInBackOff",
    "SpentChallenge",
    "User",
]
