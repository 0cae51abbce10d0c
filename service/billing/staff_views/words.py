"""Codes of memberships and money in words for staff."""

from __future__ import annotations

from flask_babel import gettext as _

from service.billing.rules import BY_RULE, CREDIT_REASONS, REFUND_REASONS

Tag = tuple[str, str]


def shelf_names() -> dict[str, str]:
    """The shelves of the list."""
    return {
        "": _("Needs a look"),
        "all": _("All live"),
        "active": _("Active"),
        "grace": _("Payment failed"),
        "stopped": _("Stopped"),
        "ending": _("Ending"),
        "skipped": _("Skipping"),
        "disputed": _("Disputed"),
        "unpaid_yet": _("Not paid yet"),
        "ended": _("Ended"),
    }


def status_tags() -> dict[str, Tag]:
    """(words, tone) of a membership's status."""
    return {
        "awaiting_payment": (_("Not paid yet"), "neutral"),
        "active": (_("Active"), "good"),
        "grace": (_("Payment failed"), "wait"),
        "stopped": (_("Stopped"), "bad"),
        "ended": (_("Ended"), "neutral"),
    }


def charge_tags() -> dict[str, Tag]:
    """(words, tone) of a charge's status at Stripe."""
    return {
        "draft": (_("Being made"), "info"),
        "open": (_("Open"), "wait"),
        "paid": (_("Paid"), "good"),
        "void": (_("Dropped"), "neutral"),
        "uncollectible": (_("Given up"), "bad"),
    }


def given_tags() -> dict[str, Tag]:
    """(words, tone) of how a refund or a credit stands."""
    return {
        "asked": (_("Waits for a second person"), "wait"),
        "approved": (_("On its way"), "info"),
        "done": (_("Given"), "good"),
        "failed": (_("Failed"), "bad"),
        "declined": (_("Declined"), "neutral"),
    }


def intent_tags() -> dict[str, Tag]:
    """(words, tone) of what became of something meant."""
    return {
        "meant": (_("No answer yet"), "wait"),
        "done": (_("Done"), "good"),
        "refused": (_("Refused"), "bad"),
        "given_up": (_("Given up"), "bad"),
        "overtaken": (_("Overtaken"), "neutral"),
    }


def occasions() -> dict[str, str]:
    """What a charge was for."""
    return {"start": _("First month"), "renewal": _("Month"), "change": _("Change of plan"), "other": _("Charge")}


def line_kinds() -> dict[str, str]:
    """What a line of a charge is."""
    return {
        "month": _("A month"),
        "unused": _("Unused time given back"),
        "remaining": _("Remaining time"),
        "other": _("Other"),
    }


def reasons() -> dict[str, str]:
    """Why money was given, by staff or by a rule."""
    return {code: _(said) for code, said in {**CREDIT_REASONS, **REFUND_REASONS}.items()} | {"": _(BY_RULE)}


def meant_kinds() -> dict[str, str]:
    """What was asked of Stripe."""
    return {
        "cancel": _("End with the paid month"),
        "undo_cancel": _("Stay after all"),
        "end": _("End at once"),
        "end_other": _("End a second subscription"),
        "pause": _("Stop charges"),
        "resume": _("Let it go on"),
        "restart": _("Go on with a new month"),
        "plan_now": _("Change of plan now"),
        "plan_next": _("Change of plan from the next charge"),
        "price": _("Agreed price"),
        "skip": _("Leave months out"),
        "unskip": _("Charge after all"),
        "move": _("Move the date"),
        "pay": _("Try a charge again"),
        "card": _("Use another card"),
        "promotion": _("Promotion code"),
        "refund": _("Give money back"),
        "credit": _("Give credit"),
        "months": _("Give months"),
        "void": _("Drop a charge"),
        "stop_invoice": _("Collect no charge"),
    }


def dispute_reasons() -> dict[str, str]:
    """Why a cardholder's bank takes a payment back, in Stripe's categories."""
    return {
        "bank_cannot_process": _("The bank could not process it"),
        "credit_not_processed": _("A refund they expected did not come"),
        "duplicate": _("Charged twice"),
        "fraudulent": _("They say they did not make this payment"),
        "general": _("No reason given"),
        "insufficient_funds": _("Not enough money on the account"),
        "product_not_received": _("They say they did not get what they paid for"),
        "product_unacceptable": _("They say it was not as described"),
        "subscription_canceled": _("They say they had cancelled"),
        "unrecognized": _("They do not recognise the payment"),
    }


def dispute_tags() -> dict[str, Tag]:
    """(words, tone) of how a dispute stands."""
    return {
        "warning_needs_response": (_("The bank asks: answer it"), "wait"),
        "warning_under_review": (_("The bank looks at it"), "info"),
        "warning_closed": (_("Closed, no money moved"), "good"),
        "needs_response": (_("Answer it"), "bad"),
        "under_review": (_("The bank looks at it"), "info"),
        "won": (_("Won"), "good"),
        "lost": (_("Lost"), "neutral"),
        "prevented": (_("Prevented"), "good"),
    }
