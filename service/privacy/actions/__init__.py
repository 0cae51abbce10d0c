"""Asking for a copy, making it, closing an account, removing what is no longer kept."""

from __future__ import annotations

from service.privacy.actions.close import close_account
from service.privacy.actions.copies import File, ask_copy, expire_copies, make_copy, open_copy, sweep_copies

__all__ = ["File", "ask_copy", "close_account", "expire_copies", "make_copy", "open_copy", "sweep_copies"]
