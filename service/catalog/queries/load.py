"""From the folder to the catalog. The only file of the catalog that opens files."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from config.brand import brand
from service.catalog.rules.alerts import read_alerts
from service.catalog.rules.billing import read_billing
from service.catalog.rules.changes import read_price_changes, read_promotions
from service.catalog.rules.consents import ConsentDocument, read_consent
from service.catalog.rules.estimates import read_estimate
from service.catalog.rules.instruments import read_instrument
from service.catalog.rules.plans import read_plans
from service.catalog.rules.policies import read_policies
from service.catalog.rules.programs import read_program
from service.catalog.rules.questionnaires import read_questionnaire
from service.catalog.rules.reading import CatalogError, Table
from service.catalog.rules.refunds import read_ends
from service.catalog.rules.reminders import read_reminders
from service.catalog.rules.retention import read_retention
from service.catalog.rules.states import read_state
from service.catalog.rules.visits import read_visits
from service.catalog.rules.whole import Catalog, cross_check

T = TypeVar("T")


@lru_cache(maxsize=4)
def catalog(config_dir: Path) -> Catalog:
    """The clinic's catalog, read and checked once for each folder. Raises CatalogError: file, key, reason."""
    return load(config_dir)


def load(config_dir: Path) -> Catalog:
    """As `catalog`, read anew each time."""
    states = _folder(config_dir, "states", read_state, lambda state: state.code, named_by_key=False)
    national = read_policies(_table(config_dir, config_dir / "policies.toml"))
    plans = read_plans(_table(config_dir, config_dir / "plans.toml"))
    return cross_check(
        Catalog(
            states=states,
            policies=(*national, *(rule for state in states.values() for rule in state.rules)),
            plans=MappingProxyType({plan.key: plan for plan in plans}),
            programs=_folder(config_dir, "programs", read_program, lambda program: program.key),
            instruments=_folder(config_dir, "instruments", read_instrument, lambda instrument: instrument.key),
            assessments=_folder(config_dir, "assessments", read_questionnaire, lambda assessment: assessment.key),
            consents=_consents(config_dir),
            reminders=read_reminders(_table(config_dir, config_dir / "reminders.toml")),
            alerts=read_alerts(_table(config_dir, config_dir / "alerts.toml")),
            retention=read_retention(_table(config_dir, config_dir / "retention.toml")),
            practice=brand(config_dir),
            estimate=read_estimate(_table(config_dir, config_dir / "estimate.toml")),
            price_changes=read_price_changes(_table(config_dir, config_dir / "price_changes.toml")),
            promotions=read_promotions(_table(config_dir, config_dir / "promotions.toml")),
            visits=read_visits(_table(config_dir, config_dir / "visits.toml")),
            billing=read_billing(_table(config_dir, config_dir / "billing.toml")),
            ends=read_ends(_table(config_dir, config_dir / "refunds.toml")),
        )
    )


def _folder(
    config_dir: Path,
    name: str,
    read: Callable[[Table], T],
    key: Callable[[T], str],
    *,
    named_by_key: bool = True,
) -> Mapping[str, T]:
    """Every TOML file of one folder by its key; a file is named after its key, so that it can be found."""
    values: dict[str, T] = {}
    for path in sorted((config_dir / name).glob("*.toml")):
        table = _table(config_dir, path)
        value = read(table)
        if key(value) in values:
            raise table.fail("key", f'"{key(value)}" is already taken by another file')
        if named_by_key and key(value) != path.stem:
            raise table.fail("key", f'is "{key(value)}", but the file is called {path.stem}.toml')
        values[key(value)] = value
    if not values:
        raise CatalogError(name, "folder", "holds no TOML file")
    return MappingProxyType(values)


def _consents(config_dir: Path) -> tuple[ConsentDocument, ...]:
    return tuple(
        read_consent(_named(config_dir, path), _text(config_dir, path))
        for path in sorted((config_dir / "consents").glob("*.md"))
    )


def _table(config_dir: Path, path: Path) -> Table:
    name = _named(config_dir, path)
    try:
        return Table(name, tomllib.loads(_text(config_dir, path)))
    except tomllib.TOMLDecodeError as error:
        raise CatalogError(name, "file", f"is not TOML: {error}") from None


def _text(config_dir: Path, path: Path) -> str:
    name = _named(config_dir, path)
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        raise CatalogError(name, "file", "cannot be read") from None
    except UnicodeDecodeError:
        raise CatalogError(name, "file", "is not UTF-8 text") from None


def _named(config_dir: Path, path: Path) -> str:
    return path.relative_to(config_dir).as_posix()
