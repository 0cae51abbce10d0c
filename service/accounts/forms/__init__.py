"""The shape of what is typed at the door and on the settings pages."""

from __future__ import annotations

from service.accounts.forms.door import CodeForm, ConfirmForm, SendAgainForm, SignInForm

__all__ = ["CodeForm", "ConfirmForm", "SendAgainForm", "SignInForm"]
