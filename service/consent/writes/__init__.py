"""Keeping signatures, what was taken back, and estimates as evidence, inside the caller's transaction.

Rows are only ever added.
"""

from __future__ import annotations

from service.consent.writes.acceptances import accept, agree_while_joining, decline
from service.consent.writes.estimates import issue
from service.consent.writes.withdrawals import withdraw

__all__ = ["accept", "agree_while_joining", "decline", "issue", "withdraw"]
