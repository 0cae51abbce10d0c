"""What the two home pages show, gathered from the rooms below in a handful of statements."""

from __future__ import annotations

from service.dashboard.queries.home import Home, Money, home
from service.dashboard.queries.staff import StaffHome, staff_home

__all__ = ["Home", "Money", "StaffHome", "home", "staff_home"]
