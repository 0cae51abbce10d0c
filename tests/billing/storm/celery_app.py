"""Our own workers, real Celery processes, whose one call to Stripe is answered from the file of the truth."""

from __future__ import annotations

import os
from pathlib import Path

import workers.billing
from tests.billing.storm.crowd import Stub, Truth
from workers.app import app

workers.billing.gateway = Stub(Truth(Path(os.environ["HOMEWARD_STORM_TRUTH"])))  # type: ignore[assignment]

__all__ = ["app"]
