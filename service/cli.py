"""The command line: `homeward db prepare`, `homeward db migrate`, and on a laptop `homeward sandbox`."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from config.settings import SettingsError
from service.accounts.rules.staff import REASONS
from service.keeping import commands as keeping
from service.kit import roles

WHY = f"One of: {', '.join(REASONS)}."


def _needed(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise click.ClickException(f"{name} is not set.")
    return value


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="homeward", prog_name="homeward")
def main() -> None:
    """Homeward, from the command line."""


@main.group()
def db() -> None:
    """The database: its roles and its history."""


@db.command()
def prepare() -> None:
    """Create the roles and the database (needs HOMEWARD_SUPERUSER_DATABASE_URL and three passwords)."""
    roles.prepare(
        _needed("HOMEWARD_SUPERUSER_DATABASE_URL"),
        roles.Passwords(
            owner=_needed("HOMEWARD_OWNER_PASSWORD"),
            app=_needed("HOMEWARD_APP_PASSWORD"),
            audit=_needed("HOMEWARD_AUDIT_PASSWORD"),
        ),
    )
    click.echo("The roles and the database stand.")


@db.command()
def migrate() -> None:
    """Bring the database up to date (needs HOMEWARD_OWNER_DATABASE_URL)."""
    from service import migrations

    migrations.migrate(_needed("HOMEWARD_OWNER_DATABASE_URL"))
    click.echo("The database is up to date.")


@main.command("offer-prices")
def offer_prices() -> None:
    """Make sure that Stripe offers each plan of config/plans.toml at its price. Run it at each deploy."""
    from config.settings import current
    from service.billing.actions import offer_prices as offer
    from service.billing.gateway import Gateway
    from service.catalog.queries import catalog
    from service.kit.clock import wall_now

    settings = current()
    today = wall_now().date()
    made = offer(gateway=Gateway.from_settings(settings), catalog=catalog(settings.config_dir), today=today)
    click.echo(f"{made} plans are on offer.")


@main.group()
def staff() -> None:
    """The care team's accounts: the first owner. Everybody else is invited on the page "Team"."""


@staff.command("create-owner")
@click.option("--email", required=True)
@click.option("--name", required=True, help="First and last name.")
@click.option("--reason", help=f"Needed while there is an owner: why none can invite. {WHY}")
def create_owner(*, email: str, name: str, reason: str | None) -> None:
    """Print a link with which the first owner makes their account. It works once, for 72 hours."""
    from config.settings import current
    from service.accounts.actions.invitations import create_owner as create
    from service.kit import clock
    from service.kit.actor import SYSTEM

    with _plainly():
        path = create(email=email, name=name, reason=reason, actor=SYSTEM, now=clock.now(), wall_now=clock.wall_now())
    click.echo("Hand this link to the owner in person. It works once, for 72 hours:")
    click.echo(current().public_url.rstrip("/") + path)


@staff.command("reset-factor")
@click.option("--email", required=True)
@click.option("--reason", required=True, help=f"Why, for the trail. {WHY}")
def reset_factor(*, email: str, reason: str) -> None:
    """Take away somebody's second factor, where no other owner can. They set up a new one at the next sign-in."""
    from service.accounts.actions.team import reset_factor_of
    from service.kit import clock
    from service.kit.actor import SYSTEM

    with _plainly():
        code = reset_factor_of(email=email, reason=reason, actor=SYSTEM, now=clock.now(), wall_now=clock.wall_now())
    click.echo("Done. They are signed out everywhere, and told by mail.")
    click.echo("To set up a new second factor they need this code. Hand it to them in person.")
    click.echo("It works for 72 hours, and is shown only now:")
    click.echo(code)


@staff.command("practise")
@click.option("--email", required=True, help="Of a clinician who accepted an invitation.")
@click.option("--credentials", default="MD", show_default=True, help="The degree, as patients see it.")
@click.option("--zone", default="America/New_York", show_default=True, help="The clinician's time zone.")
@click.option(
    "--license",
    "licenses",
    multiple=True,
    help="STATE:NUMBER:EXPIRES, as FL:ME0123456:2028-01-31, or STATE:KIND:NUMBER:EXPIRES, as"
    " FL:dea:BL1234563:2028-01-31 or NJ:cds:D01234500:2027-10-31. Repeat.",
)
@click.option("--source", default="", help="Where you looked the licenses up.")
@click.option("--board", default="", help="The certifying board.")
@click.option("--npi", default="", help="Ten digits.")
@click.option("--phone", default="", help="For patients, as (305) 555-0142.")
@click.option("--hours", multiple=True, help="DAYS:FROM-TO, as mon-fri:09:00-17:00. Repeat.")
def practise(
    *,
    email: str,
    credentials: str,
    zone: str,
    licenses: tuple[str, ...],
    source: str,
    board: str,
    npi: str,
    phone: str,
    hours: tuple[str, ...],
) -> None:
    """Let patients book a clinician: licenses and weekly hours."""
    from config.settings import current
    from service.catalog.queries import catalog
    from service.kit.actor import SYSTEM
    from service.kit.clock import now
    from service.visits.actions import start_practising
    from service.visits.rules.rota import read_hours, read_license

    with _plainly():
        start_practising(
            email=email,
            credentials=credentials,
            time_zone=zone,
            licenses=[read_license(text) for text in licenses],
            hours=[stretch for text in hours for stretch in read_hours(text)],
            states=catalog(current().config_dir).states,
            source=source,
            board=board,
            npi=npi,
            phone=phone,
            actor=SYSTEM,
            now=now(),
        )
    click.echo("Patients in those states can book this clinician from now on.")


@main.group()
def audit() -> None:
    """The audit trail: does its chain hold, and what the law no longer keeps."""


@audit.command()
@click.option("--anchors", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Their file.")
@click.option("--database-url", envvar="HOMEWARD_AUDIT_DATABASE_URL", help="As the audit reader; default: the app's.")
def verify(*, anchors: Path | None, database_url: str | None) -> None:
    """Read the whole chain once. Exit code 1 when it does not hold."""
    from config.settings import current
    from service.audit import actions
    from service.kit import crypto
    from service.kit.clock import wall_now

    settings = current()
    crypto.configure(settings)
    known = settings.audit_anchors
    anchors = anchors or (known if known and known.exists() else None)
    url = database_url or settings.database_url.get_secret_value()
    found = actions.verify(database_url=url, wall_now=wall_now(), anchors=anchors)
    click.echo(f"{found.links:,} links read, up to position {found.head:,}; {found.purged:,} were purged before.")
    if anchors is None:
        click.echo("No anchors were given, so a cut tail or an older copy of the trail would not be seen.", err=True)
    else:
        click.echo(f"{found.compared:,} of {found.anchors:,} anchors compared.")
    for finding in found.findings:
        click.echo(f"{finding.kind}: {finding.words}")
    if found.told_not:
        click.echo(f"And {found.told_not:,} more.")
    click.echo("The chain holds." if found.holds else "The chain does not hold.")
    sys.exit(0 if found.holds else 1)


@audit.command()
@click.option("--before", required=True, type=click.DateTime(["%Y-%m-%d"]), help="A day at least seven years ago.")
def purge(*, before: datetime) -> None:
    """Remove entries from before a day, as the database's owner (needs HOMEWARD_OWNER_DATABASE_URL)."""
    from service.audit import actions
    from service.kit.clock import wall_now

    with _plainly():
        gone = actions.purge(
            owner_url=_needed("HOMEWARD_OWNER_DATABASE_URL"), before=before.date(), wall_now=wall_now()
        )
    if gone.position is None:
        click.echo("Nothing to remove: the oldest entry stays, by its age or by a legal hold.")
    else:
        click.echo(f"{gone.removed:,} entries removed, up to position {gone.position:,}. A signed checkpoint says so.")


@main.group()
def retention() -> None:
    """How long we keep what (config/retention.toml)."""


@retention.command("run")
@click.option("--dry-run", is_flag=True, help="Count what would go, and change nothing.")
def run_retention(*, dry_run: bool) -> None:
    """Remove what is no longer kept, whole records too (needs HOMEWARD_OWNER_DATABASE_URL: the service itself may not).

    Prints counts, and the payment provider's ids of those whose records go: remove these customers there, too. What
    the service removes by itself each day is removed here as well.
    """
    from pydantic import SecretStr

    from config.settings import current
    from service.catalog.queries import catalog as read
    from service.kit import process
    from service.kit.clock import now, wall_now
    from service.privacy import actions

    settings = current().model_copy(update={"database_url": SecretStr(_needed("HOMEWARD_OWNER_DATABASE_URL"))})
    process.open_house(settings)
    catalog = read(settings.config_dir)
    for customer in actions.customers_due(catalog=catalog, now=now()):
        click.echo(f"Remove this customer at the payment provider: {customer}")
    if dry_run:
        counts = dict(actions.due(catalog=catalog, now=now(), wall_now=wall_now()))
    else:
        counts = {
            **actions.remove_records(catalog=catalog, now=now()),
            **actions.retain(catalog=catalog, now=now(), wall_now=wall_now()),
        }
    for kind, count in counts.items():
        click.echo(f"{count:>8}  {kind.replace('_', ' ')}")
    click.echo("Nothing was changed." if dry_run else "Done. What is under a legal hold was left as it is.")


@contextmanager
def _plainly() -> Iterator[None]:
    """Open the house; an expected no ends the command with its sentence."""
    from config.settings import current
    from service.kit import process
    from service.kit.errors import HomewardError

    process.open_house(current())
    try:
        yield
    except (HomewardError, ValueError) as error:
        raise click.ClickException(error.message if isinstance(error, HomewardError) else str(error)) from None


def _attach_sandbox(group: click.Group) -> None:
    """Add the sandbox's commands where the sandbox is: a laptop, not the production image."""
    try:
        commands = importlib.import_module("service.sandbox.commands")
    except ModuleNotFoundError as missing:
        if missing.name not in ("service.sandbox", "service.sandbox.commands"):
            raise
        return
    commands.register(group)


keeping.register(main)


def run() -> None:
    """The entry point `homeward`. The production image has no sandbox, and then no sandbox commands."""
    _attach_sandbox(main)
    try:
        main()
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(78)  # EX_CONFIG


if __name__ == "__main__":
    run()
