"""Where staff watch billing's own machinery: the inbox, what differs from Stripe, and the figures."""

from __future__ import annotations
