"""`homeward keys`: turning them, and seeing where they stand."""

from __future__ import annotations

import os
from collections import Counter

import click

from service.keeping.asked import OWNER_URL, needed, told, use_keys
from service.keeping.clear import in_the_clear
from service.keeping.keys import rotate as turn
from service.keeping.keys import standing
from service.keeping.owner import owner
from service.kit import crypto
from service.kit.sealed import Unopened

SHOWN = 20  # rows named for a column; the rest are counted


@click.group()
def keys() -> None:
    """The keys that seal health data and contacts (needs HOMEWARD_OWNER_DATABASE_URL, HOMEWARD_SEAL_KEYS)."""


@keys.command()
@click.option("--batch", default=200, show_default=True, type=click.IntRange(1, 10_000), help="Rows locked together.")
def rotate(batch: int) -> None:
    """Seal everything again with the first of HOMEWARD_SEAL_KEYS, while the service runs. May be repeated.

    Ends with 1 when a value could not be opened; each is named. Then see `homeward keys status`.
    """
    use_keys(os.environ)
    with told(), owner(needed(OWNER_URL)) as engine:
        turned = turn(engine, click.echo, batch=batch)
        for place, bad in turned.unopened.items():
            _name(place, bad)
        gone = _report(standing(engine))
    if turned.unopened or gone:
        raise SystemExit(1)


@keys.command()
def status() -> None:
    """How many values stand under each key, and which keys may be taken away."""
    use_keys(os.environ)
    with told(), owner(needed(OWNER_URL)) as engine:
        stand, clear = standing(engine), in_the_clear(engine)
    for column, count in clear.items():
        click.echo(f"{column}: {count} in the clear. Run `homeward keys rotate`.")
    for place, counts in stand.items():
        under = ", ".join(f"{count} under {key or 'no key at all'}" for key, count in sorted(counts.items()))
        click.echo(f"{place}: {under or 'empty'}")
    if _report(stand):
        raise SystemExit(1)


def _name(place: str, bad: list[Unopened]) -> None:
    for one in bad[:SHOWN]:
        click.echo(f"{place} {one.row_id}: not opened, {one.why} (key {one.key or 'unreadable'})", err=True)
    if len(bad) > SHOWN:
        click.echo(f"{place}: and {len(bad) - SHOWN} more that were not opened", err=True)


def _report(stand: dict[str, dict[str, int]]) -> bool:
    """Say what may be done about each key. Returns whether values stand under a key that is not here."""
    total = Counter[str]()
    for counts in stand.values():
        total.update(counts)
    current, here = crypto.current(), crypto.ids()
    click.echo(f"Current key: {current}, {total[current]} values.")
    for key in here[1:]:
        if total[key]:
            click.echo(f"Keep {key}: {total[key]} values still stand under it. Run `homeward keys rotate`.")
        else:
            click.echo(
                f"{key} may leave HOMEWARD_SEAL_KEYS: nothing stands under it. Keep it in escrow for as long as a "
                "backup from before this day is kept."
            )
    gone = sorted(key for key in total if key not in here)
    for key in gone:
        click.echo(
            f"{total[key]} values stand under {'a key named ' + key if key else 'no key at all'}, "
            "which is not in HOMEWARD_SEAL_KEYS: put it back from escrow, and run this again.",
            err=True,
        )
    return bool(gone)
