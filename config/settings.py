"""The environment, read once into one frozen, typed value.

Every name is `HOMEWARD_` plus the field's name in capitals. A missing or wrong value stops the start with one message
that lists all of them.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

HOUSE = Path(__file__).resolve().parent.parent
STRIPE_API = "https://api.stripe.com"
STRIPE_CHECKOUT = "https://checkout.stripe.com"


class SettingsError(Exception):
    """The environment does not describe a service that may start. The text lists every reason."""


class Settings(BaseModel):
    """All of Homeward's settings. Times are seconds unless the name says otherwise."""

    model_config = ConfigDict(frozen=True)

    environment: Literal["production", "sandbox", "test"]

    # Postgres: the app role for web and workers, the owner role for migrations only.
    database_url: SecretStr
    owner_database_url: SecretStr | None = None
    database_pool_size: int = Field(default=5, ge=1, le=50)

    # Redis: queues and rate limits. Nothing in it is the only copy of a fact.
    redis_url: SecretStr

    # Keys. `seal_keys` is "id:base64,id:base64"; the first seals, all open. `index_key` makes look-ups on them.
    secret_key: SecretStr = Field(min_length=32)
    seal_keys: SecretStr
    index_key: SecretStr

    # The web.
    public_url: str
    trusted_proxies: int = Field(default=0, ge=0, le=5)

    # Stripe, or in the sandbox its stand-in, chosen by address alone.
    stripe_key: SecretStr
    stripe_url: str = STRIPE_API
    stripe_webhook_secrets: SecretStr
    checkout_origin: str = STRIPE_CHECKOUT

    # The practice's video vendor: where a visit's room opens, with {room} for its name. Without one visits go by phone.
    video_url: str | None = None

    # Mail.
    smtp_host: str
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    mail_lease_seconds: float = Field(default=300.0, gt=0, le=3600)

    # Where the clinic's files and the pages are.
    config_dir: Path = HOUSE / "config"
    templates_dir: Path = HOUSE / "templates"
    static_dir: Path = HOUSE / "service" / "static"

    # The file outside the database in which the audit trail's head is written down daily. Keep a copy elsewhere.
    audit_anchors: Path | None = None

    # Work.
    tick_seconds: float = Field(default=2.0, gt=0, le=60)
    sweep_seconds: float = Field(default=60.0, gt=0, le=600)
    heartbeat_seconds: float = Field(default=10.0, gt=0, le=60)
    heartbeat_stale_after_seconds: float = Field(default=60.0, gt=0, le=600)

    log_format: Literal["json", "console"] = "json"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="after")
    def _safe_together(self) -> Self:
        reasons = []
        key = self.stripe_key.get_secret_value()
        if key.startswith(("sk_live_", "rk_live_")) and self.stripe_url != STRIPE_API:
            reasons.append("HOMEWARD_STRIPE_KEY is a live key but HOMEWARD_STRIPE_URL is not Stripe's")
        if not [s for s in self.stripe_webhook_secrets.get_secret_value().split(",") if s.strip()]:
            reasons.append("HOMEWARD_STRIPE_WEBHOOK_SECRETS is empty: no webhook could be trusted")
        if self.video_url is not None and "{room}" not in self.video_url:
            reasons.append("HOMEWARD_VIDEO_URL says with {room} where the name of the room goes")
        if self.environment == "production":
            if self.stripe_url != STRIPE_API:
                reasons.append("HOMEWARD_STRIPE_URL: production speaks to Stripe itself, not to a stand-in")
            if self.checkout_origin != STRIPE_CHECKOUT:
                reasons.append("HOMEWARD_CHECKOUT_ORIGIN: production pays on Stripe's own page")
            if urlsplit(self.public_url).scheme != "https":
                reasons.append("HOMEWARD_PUBLIC_URL: production is reached over https")
            if self.audit_anchors is None:
                reasons.append("HOMEWARD_AUDIT_ANCHORS: production anchors its audit trail outside the database")
            if self.video_url is None or urlsplit(self.video_url).scheme != "https":
                reasons.append("HOMEWARD_VIDEO_URL: production meets patients by video, over https")
            if self.smtp_security == "none":
                reasons.append("HOMEWARD_SMTP_SECURITY: production mail travels encrypted")
        if reasons:
            raise ValueError("; ".join(reasons))
        return self

    @property
    def is_sandbox(self) -> bool:
        """True where business time may be moved and demo people may exist."""
        return self.environment in ("sandbox", "test")


def read(environ: dict[str, str] | None = None) -> Settings:
    """Read settings from `environ` (default: the process environment).

    Raises SettingsError with every missing or unfit name.
    """
    environ = dict(os.environ) if environ is None else environ
    named = {name: environ.get(f"HOMEWARD_{name.upper()}") for name in Settings.model_fields}
    try:
        return Settings.model_validate({name: value for name, value in named.items() if value is not None})
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"])
            label = f"HOMEWARD_{name.upper()}" if name else "settings"
            lines.append(f"  {label}: {problem['msg']}")
        raise SettingsError("Homeward cannot start with this environment:\n" + "\n".join(lines)) from None


@lru_cache(maxsize=1)
def current() -> Settings:
    """The settings of this process."""
    return read()


def as_environment(settings: Settings) -> dict[str, str]:
    """The environment that `read` turns back into `settings`, for starting child processes."""
    out = {key: value for key, value in os.environ.items() if not key.startswith("HOMEWARD_")}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if value is None:
            continue
        out[f"HOMEWARD_{name.upper()}"] = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return out
