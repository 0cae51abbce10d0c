"""What staff see and do about memberships and money. Whatever moves money is meant, made and settled as an intent."""

from __future__ import annotations
