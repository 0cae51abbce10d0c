"""The command line: `homeward db prepare`, `homeward db migrate`, and on a laptop `homeward sandbox`."""

from __future__ import annotations

import importlib
import os
import sys

import click

from config.settings import SettingsError
from service.kit import roles


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

    settings = current()
    made = offer(gateway=Gateway.from_settings(settings), catalog=catalog(settings.config_dir))
    click.echo(f"{made} plans are on offer.")


@main.group()
def staff() -> None:
    """The care team's accounts. Nobody registers as staff by themselves."""


@staff.command("add")
@click.option("--email", required=True)
@click.option("--name", required=True, help="First and last name.")
@click.option("--role", required=True, type=click.Choice(["owner", "clinician", "coordinator", "billing", "auditor"]))
@click.option("--credentials", default="MD", show_default=True, help="A clinician's degree, as patients see it.")
@click.option("--zone", default="America/New_York", show_default=True, help="A clinician's time zone.")
@click.option("--license", "licenses", multiple=True, help="STATE:NUMBER:EXPIRES, as FL:ME0123456:2028-01-31. Repeat.")
@click.option("--hours", multiple=True, help="DAYS:FROM-TO, as mon-fri:09:00-17:00. Repeat.")
@click.password_option(help="Asked for when left out.")
def add_staff(
    *,
    email: str,
    name: str,
    role: str,
    credentials: str,
    zone: str,
    licenses: tuple[str, ...],
    hours: tuple[str, ...],
    password: str,
) -> None:
    """Let somebody in, and print the secret for their authenticator app, once."""
    import pyotp

    from config.settings import current
    from service.accounts.actions import create_staff
    from service.kit import process
    from service.kit.actor import SYSTEM
    from service.kit.clock import now
    from service.kit.errors import HomewardError
    from service.visits.actions import add_clinician
    from service.visits.rules.rota import read_hours, read_license

    secret = pyotp.random_base32()
    process.open_house(current())
    try:
        if role == "clinician":
            add_clinician(
                email=email,
                password=password,
                display_name=name,
                credentials=credentials,
                time_zone=zone,
                licenses=[read_license(text) for text in licenses],
                hours=[stretch for text in hours for stretch in read_hours(text)],
                totp_secret=secret,
                actor=SYSTEM,
                now=now(),
            )
        else:
            create_staff(
                email=email,
                password=password,
                display_name=name,
                role=role,
                totp_secret=secret,
                actor=SYSTEM,
                now=now(),
            )
    except (HomewardError, ValueError) as error:
        raise click.ClickException(error.message if isinstance(error, HomewardError) else str(error)) from None
    click.echo(f"{name} may sign in. Secret for the authenticator app, shown only now: {secret}")


def _attach_sandbox(group: click.Group) -> None:
    """Add the sandbox's commands where the sandbox is: a laptop, not the production image."""
    try:
        commands = importlib.import_module("service.sandbox.commands")
    except ModuleNotFoundError as missing:
        if missing.name not in ("service.sandbox", "service.sandbox.commands"):
            raise
        return
    commands.register(group)


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
