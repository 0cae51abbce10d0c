"""The waitlist answers, and so does whoever left an address to go on elsewhere."""

from __future__ import annotations

from service.catalog.queries import catalog
from service.enrollment.actions import authority, move, reconsent, resume, tell, waitlist
from service.kit.clock import now
from workers.app import app, settings


@app.task(name="enrollment.mail_waitlist_links")  # type: ignore[untyped-decorator]
def mail_waitlist_links() -> None:
    """Look at who asked to be told when a state opens, and mail them the link that confirms it."""
    waitlist.mail_waitlist_links(now=now())


@app.task(name="enrollment.mail_resume_links")  # type: ignore[untyped-decorator]
def mail_resume_links() -> None:
    """Mail the link to whoever left an address to go on elsewhere, and tie attempts of one address together."""
    resume.mail_links(catalog=catalog(settings.config_dir), now=now())


@app.task(name="enrollment.nudge_left")  # type: ignore[untyped-decorator]
def nudge_left() -> None:
    """Remind, once, whoever asked for it and left the assessment unfinished."""
    resume.nudge_left(catalog=catalog(settings.config_dir), now=now())


@app.task(name="enrollment.warn_of_authority")  # type: ignore[untyped-decorator]
def warn_of_authority() -> None:
    """Raise the alerts of 60, 30 and 14 days before the federal telemedicine authority ends."""
    authority.warn_of_authority(catalog=catalog(settings.config_dir), now=now())


@app.task(name="enrollment.tell_waiting")  # type: ignore[untyped-decorator]
def tell_waiting() -> None:
    """Write, once, to whoever waits for what is open by now."""
    tell.tell_waiting(catalog=catalog(settings.config_dir), now=now())


@app.task(name="enrollment.settle_moves")  # type: ignore[untyped-decorator]
def settle_moves() -> None:
    """Look again at the enrollments of people who live in another state."""
    move.settle_moves(catalog=catalog(settings.config_dir), now=now())


@app.task(name="enrollment.tell_of_new_texts")  # type: ignore[untyped-decorator]
def tell_of_new_texts() -> None:
    """Write to whoever signed a text that has a new version: before it holds, and on the day."""
    reconsent.tell_of_new_texts(catalog=catalog(settings.config_dir), now=now())
