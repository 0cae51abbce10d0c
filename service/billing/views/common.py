"""What every page about money asks for."""

from __future__ import annotations

from flask import current_app

from service.billing.gateway import Gateway
from service.catalog.rules.whole import Catalog


def catalog() -> Catalog:
    """This application's catalog."""
    found: Catalog = current_app.config["CATALOG"]
    return found


def gateway() -> Gateway:
    """This application's way to Stripe."""
    found: Gateway = current_app.config["GATEWAY"]
    return found
