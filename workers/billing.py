"""Stripe's messages are handled; charges to come are announced, asked about, and compared."""

from __future__ import annotations

from uuid import UUID

from service.billing import actions
from service.billing.actions.control.figures import count_ahead
from service.billing.gateway import Gateway
from service.catalog.queries import catalog
from service.kit.clock import now, wall_now
from workers.app import app, settings

gateway = Gateway.from_settings(settings)


@app.task(name="billing.handle_event")  # type: ignore[untyped-decorator]
def handle_event(event_id: str) -> None:
    """Handle one message of the inbox."""
    actions.handle_event(
        event_id=UUID(event_id), gateway=gateway, catalog=catalog(settings.config_dir), now=now(), wall_now=wall_now()
    )


@app.task(name="billing.handle_events")  # type: ignore[untyped-decorator]
def handle_events(many: list[dict[str, str]]) -> None:
    """Handle several messages that came in the same moment."""
    actions.handle_events(
        event_ids=[UUID(one["event_id"]) for one in many],
        gateway=gateway,
        catalog=catalog(settings.config_dir),
        now=now(),
        wall_now=wall_now(),
    )


@app.task(name="billing.sweep_events")  # type: ignore[untyped-decorator]
def sweep_events() -> None:
    """Handle what was left behind."""
    actions.sweep_events(gateway=gateway, catalog=catalog(settings.config_dir), now=now(), wall_now=wall_now())


@app.task(name="billing.ask_before_renewals")  # type: ignore[untyped-decorator]
def ask_before_renewals() -> None:
    """Announce charges to come; stop those that the gate refuses."""
    actions.ask_before_renewals(gateway=gateway, catalog=catalog(settings.config_dir), now=now())


@app.task(name="billing.change_prices")  # type: ignore[untyped-decorator]
def change_prices() -> None:
    """Tell of new prices, and settle them."""
    actions.change_prices(gateway=gateway, catalog=catalog(settings.config_dir), now=now())


@app.task(name="billing.close_refused_pages")  # type: ignore[untyped-decorator]
def close_refused_pages() -> None:
    """Close pay pages that the gate would no longer open."""
    actions.close_refused_pages(gateway=gateway, catalog=catalog(settings.config_dir), now=now())


@app.task(name="billing.reconcile")  # type: ignore[untyped-decorator]
def reconcile() -> None:
    """Compare what we believe with what Stripe says."""
    actions.reconcile(gateway=gateway, catalog=catalog(settings.config_dir), now=now(), wall_now=wall_now())


@app.task(name="billing.compare_all")  # type: ignore[untyped-decorator]
def compare_all() -> None:
    """Go on with tonight's comparison of everything."""
    actions.compare_all(gateway=gateway, now=now())


@app.task(name="billing.watch")  # type: ignore[untyped-decorator]
def watch() -> None:
    """Call somebody where messages wait, nights are silent, or something differs."""
    actions.watch_billing(catalog=catalog(settings.config_dir), now=now(), wall_now=wall_now())


@app.task(name="billing.count_months")  # type: ignore[untyped-decorator]
def count_months() -> None:
    """Count the figures of the last months."""
    count_ahead(now=now(), wall_now=wall_now())


@app.task(name="billing.ask_again")  # type: ignore[untyped-decorator]
def ask_again() -> None:
    """Go on with calls whose outcome is unknown."""
    actions.ask_again(gateway=gateway, catalog=catalog(settings.config_dir), now=now())


@app.task(name="billing.call_about_failed_refunds")  # type: ignore[untyped-decorator]
def call_about_failed_refunds() -> None:
    """Call somebody about money that did not arrive."""
    actions.call_about_failed_refunds(catalog=catalog(settings.config_dir), now=now())


@app.task(name="billing.stop_refused")  # type: ignore[untyped-decorator]
def stop_refused() -> None:
    """Stop charges that are near and that the gate refuses by now."""
    actions.stop_refused(gateway=gateway, catalog=catalog(settings.config_dir), now=now())


@app.task(name="billing.judge_payments")  # type: ignore[untyped-decorator]
def judge_payments() -> None:
    """Give back what should not have been paid."""
    actions.judge_payments(gateway=gateway, catalog=catalog(settings.config_dir), now=now())


@app.task(name="billing.end_overdue")  # type: ignore[untyped-decorator]
def end_overdue() -> None:
    """End memberships of whom care is over, and those nobody decided about in time."""
    actions.end_overdue(gateway=gateway, catalog=catalog(settings.config_dir), now=now())


@app.task(name="billing.warn_of_cards")  # type: ignore[untyped-decorator]
def warn_of_cards() -> None:
    """Tell whose card will be out of date at the next charge."""
    actions.warn_of_cards(now=now())
