"""The practice as people meet it: its name, addresses and hours, from `brand.toml`."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError


class BrandError(Exception):
    """`brand.toml` cannot be used. The text names the file, the key and the reason."""


class Brand(BaseModel):
    """Names and addresses of the practice. `support_phone_dial` is the number as a phone dials it.

    `npi` and `tax_id` stand on written estimates (45 CFR 149.610(c)(1)(v)) and superbills; "" says there: given on
    request. `procedure_codes` are those of the practice's own licensed set (CPT belongs to the AMA): no other is
    printed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    legal_name: str
    sender_name: str
    sender_address: str
    reply_address: str
    support_address: str
    support_phone: str
    support_phone_dial: str
    support_hours: str
    postal_address: tuple[str, ...]
    npi: str = ""
    tax_id: str = ""
    procedure_codes: tuple[str, ...] = ()


@lru_cache(maxsize=4)
def brand(config_dir: Path) -> Brand:
    """The brand in `config_dir`. Raises BrandError."""
    path = config_dir / "brand.toml"
    try:
        return Brand.model_validate(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise BrandError(f"{path.name}: {reasons}") from None
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BrandError(f"{path.name}: {error}") from None
