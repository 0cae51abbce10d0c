"""`homeward sandbox`: everything on a laptop, in the foreground."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import astuple
from datetime import datetime
from pathlib import Path

import click

from service.kit.clock import wall_now
from service.sandbox.advance import advance_command
from service.sandbox.child import SandboxError
from service.sandbox.house import only_one, open_keys
from service.sandbox.ports import free_ports, require_free
from service.sandbox.running import DEFAULT_DATA
from service.sandbox.smoke import smoke_command
from service.sandbox.supervisor import interruptible
from service.sandbox.table import table
from service.sandbox.town import Ports, Town, open_town

PORT = click.IntRange(1, 65535)


@click.group(invoke_without_command=True)
@click.option("--port", type=PORT, default=8000, show_default=True, help="The web's port.")
@click.option("--mailbox-port", type=PORT, default=8025, show_default=True, help="The mailbox page's port.")
@click.option("--smtp-port", type=PORT, default=8026, show_default=True, help="The mailbox's SMTP port.")
@click.option("--stripe-port", type=PORT, default=8012, show_default=True, help="The Stripe stand-in's port.")
@click.option("--postgres-port", type=PORT, default=8032, show_default=True, help="PostgreSQL's port.")
@click.option("--redis-port", type=PORT, default=8079, show_default=True, help="Redis's port.")
@click.option("--free-ports", "any_ports", is_flag=True, help="Choose ports that are free instead.")
@click.option("--data", type=click.Path(path_type=Path), default=DEFAULT_DATA, help="The data folder.")
@click.option(
    "--config",
    "clinic",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Another folder of the clinic's files, to try a change in.",
)
@click.option("--start", help="Business time of the first start, with its offset: 2027-01-02T10:00:00-05:00.")
@click.option("--fresh", is_flag=True, help="Forget the data and begin again.")
@click.pass_context
def sandbox(
    context: click.Context,
    *,
    port: int,
    mailbox_port: int,
    smtp_port: int,
    stripe_port: int,
    postgres_port: int,
    redis_port: int,
    any_ports: bool,
    data: Path,
    clinic: Path | None,
    start: str | None,
    fresh: bool,
) -> None:
    """Everything on this machine: databases, a Stripe stand-in, a mailbox, the web, workers, demo people."""
    if context.invoked_subcommand is not None:
        return
    wanted = Ports(port, mailbox_port, smtp_port, stripe_port, postgres_port, redis_port)
    try:
        with interruptible():
            _run(data.absolute(), wanted, any_ports, clinic, _moment(start), fresh)
    except SandboxError as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        click.echo("\nEverything has ended.")


def _run(data: Path, wanted: Ports, any_ports: bool, clinic: Path | None, start: datetime | None, fresh: bool) -> None:
    if sys.platform != "linux":
        raise SandboxError(
            f"The sandbox runs on Linux, and this is {platform.system()}. "
            "Use a Linux machine, WSL on Windows, or a Linux container or virtual machine."
        )
    os.umask(0o022)  # a stricter one would hide the programs from the unprivileged server
    with only_one(data):
        ports = Ports(*free_ports(6)) if any_ports else _checked(wanted)
        keys = open_keys(data, start, fresh=fresh, now=wall_now())
        click.echo(f"Starting Homeward. Logs: {data / 'logs'}")
        town = Town(data, ports, keys, click.echo, clinic)
        try:
            rows = open_town(town)
            click.echo(table(web=town.web, mailbox=town.mailbox, standin=town.standin, now=town.now(), rows=rows))
            town.supervisor.watch()
        finally:
            town.close()


def _checked(ports: Ports) -> Ports:
    chosen = astuple(ports)
    if twice := {port for port in chosen if chosen.count(port) > 1}:
        raise SandboxError(f"Port {min(twice)} is asked for twice. Each part needs a port of its own.")
    require_free(ports.web, "--port", "the web")
    require_free(ports.mailbox, "--mailbox-port", "the mailbox page")
    require_free(ports.smtp, "--smtp-port", "the mailbox's SMTP")
    require_free(ports.stripe, "--stripe-port", "the Stripe stand-in")
    require_free(ports.postgres, "--postgres-port", "PostgreSQL")
    require_free(ports.redis, "--redis-port", "Redis")
    return ports


def _moment(words: str | None) -> datetime | None:
    if words is None:
        return None
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise SandboxError(f"--start {words}: write a moment with its offset, like 2027-01-02T10:00:00-05:00.")
    return found


def register(group: click.Group) -> None:
    """Attach the sandbox's commands to `homeward`."""
    sandbox.add_command(advance_command, "advance")
    group.add_command(sandbox, "sandbox")
    group.add_command(smoke_command, "smoke")
