"""The only way a membership changes after its beginning: lock, ask Stripe what is true now, write it, and let our own
step decide what it deserves. A message, the return page and the nightly comparison all come through here.
"""

from __future__ import annotations

from service.billing.actions.sync.apply import Synced, Unclaimed, apply, page_now, subscription_now
from service.billing.actions.sync.known import is_known

__all__ = ["Synced", "Unclaimed", "apply", "is_known", "page_now", "subscription_now"]
