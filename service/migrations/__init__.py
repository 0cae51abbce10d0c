"""The database's history. Run as the owner role; grants to the app and audit roles are part of it.

Each step expands before it contracts, because old and new code run side by side during a deploy.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData

from service.accounts import models as accounts
from service.audit import models as audit
from service.billing import models as billing
from service.checkins import models as checkins
from service.consent import models as consent
from service.enrollment import models as enrollment
from service.kit import models as kit
from service.kit.db import Base, connect
from service.mail import models as mail
from service.privacy import models as privacy
from service.reminders import models as reminders
from service.safety import models as safety
from service.visits import models as visits

TABLES_FROM = (
    accounts,
    audit,
    billing,
    checkins,
    consent,
    enrollment,
    kit,
    mail,
    privacy,
    reminders,
    safety,
    visits,
)


def metadata() -> MetaData:
    """Every table of the house."""
    return Base.metadata


def config(owner_url: str) -> Config:
    """Alembic's configuration for the database at `owner_url`, without a file."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent))
    settings.attributes["engine"] = connect(owner_url)
    return settings


def migrate(owner_url: str, to: str = "head") -> None:
    """Bring the database up to `to`. Waits at most 5 s for a lock, then fails rather than blocking the service."""
    command.upgrade(config(owner_url), to)
