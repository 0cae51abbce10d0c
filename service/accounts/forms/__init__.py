"""The shape of what is typed at the door and on the settings pages."""

from __future__ import annotations

from service.accounts.forms.door import ConfirmForm, SendAgainForm, SignInForm

__all__ = ["ConfirmForm", "SendAgainForm", "SignInForm"]
