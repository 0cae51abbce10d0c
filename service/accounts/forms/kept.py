"""A form that was kept, in words: what it was going to do, and what stands in it.

It was read by nobody: the form it fits is another domain's, mostly above this one. So names and values that nobody
typed are worded here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from uuid import UUID

from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _

from service.accounts.forms.settings import language_name
from service.accounts.forms.staff import REASON_NAMES, ROLE_NAMES
from service.accounts.rules.contact import US_ZONES
from service.catalog.rules.instruments import Instrument, Item
from service.kit.format import moment, money

# By its address; the first that fits. A test looks at every address of the house that a form can be sent to.
PLACES = {
    "/billing/cancel*": _("Cancelling your membership"),
    "/billing/card": _("Changing your card"),
    "/billing/code*": _("Using a code"),
    "/billing/date": _("Moving your charge"),
    "/billing/pay*": _("Paying what is open"),
    "/billing/plan/*": _("Changing your plan"),
    "/billing/price": _("A new price"),
    "/billing/skip*": _("Skipping a month"),
    "/billing/start-again": _("Starting again"),
    "/check-ins/*": _("Your check-in"),
    "/consents/*": _("What you sign"),
    "/estimates": _("An estimate of what care will cost"),
    "/kept/*": _("What you typed before"),
    "/membership/*": _("Starting your membership"),
    "/session/*": _("Staying signed in"),
    "/settings/about-you": _("About you"),
    "/settings/about-you/optional": _("What you tell us for public reports"),
    "/settings/about-you/optional/remove": _("Removing what you told for public reports"),
    "/settings/address": _("Your address"),
    "/settings/close-account": _("Closing your account"),
    "/settings/devices/*": _("Where you are signed in"),
    "/settings/email*": _("Your email address"),
    "/settings/emergency-contact*": _("Your emergency contact"),
    "/settings/language": _("Your language"),
    "/settings/password": _("Your password"),
    "/settings/phone": _("Your phone number"),
    "/settings/second-step/*": _("Your second step"),
    "/settings/time-zone": _("Your time zone"),
    "/settings/your-data": _("A copy of your data"),
    "/visits/book": _("Booking a visit"),
    "/visits/*/cancel": _("Cancelling your visit"),
    "/visits/*/check": _("The time you chose"),
    "/visits/*/phone": _("Your visit by phone"),
    "/visits/*/room": _("Where you are for your visit"),
    "/staff/alerts/*": _("Take an alert"),
    "/staff/audit/export": _("A file of the audit trail"),
    "/staff/break-glass/*": _("Review an emergency look"),
    "/staff/clinicians/add/*": _("Let somebody be booked"),
    "/staff/clinicians/*/about": _("About a clinician"),
    "/staff/clinicians/*/hours": _("The hours of a week"),
    "/staff/clinicians/*/hours/day": _("A day that is not like the others"),
    "/staff/clinicians/*/hours/day/*/remove": _("Make a day like the others again"),
    "/staff/clinicians/*/licenses/add": _("Add a license"),
    "/staff/clinicians/*/licenses/*/end": _("End a license"),
    "/staff/clinicians/*/licenses/*/renew": _("Renew a license"),
    "/staff/clinicians/*/licenses/*/verify": _("Say that a license was looked up"),
    "/staff/drift/*": _("A difference with the payment provider"),
    "/staff/enrollments/*/encounters/*/addendum": _("Add to a signed visit"),
    "/staff/enrollments/*/complete": _("Complete an approval"),
    "/staff/enrollments/*/end": _("Why somebody's care ends"),
    "/staff/enrollments/*/end/sure": _("End somebody's care"),
    "/staff/enrollments/*/encounter": _("Record a visit and decide"),
    "/staff/enrollments/*/hand-over": _("Hand an enrollment over"),
    "/staff/enrollments/*/missed": _("Say that a visit was missed"),
    "/staff/enrollments/*/take": _("Take an enrollment"),
    "/staff/enrollments/*/team": _("Add to a care team"),
    "/staff/enrollments/*/team/*": _("Remove from a care team"),
    "/staff/holds/*/lift": _("Lift a hold"),
    "/staff/legal-holds": _("Find a patient for a legal hold"),
    "/staff/memberships/find": _("Look a membership up"),
    "/staff/memberships/waiting/*": _("Decide about money"),
    "/staff/memberships/*/charges/*": _("Give money back"),
    "/staff/memberships/*/credit": _("Give credit or months"),
    "/staff/memberships/*/drop-charge/*": _("Drop a charge"),
    "/staff/memberships/*/end": _("End a membership for a patient"),
    "/staff/memberships/*/notes": _("A note about a membership"),
    "/staff/memberships/*/pause": _("Pause charges for a patient"),
    "/staff/memberships/*/tell-again": _("Tell somebody of a failed payment"),
    "/staff/memberships/*": _("Go on with a membership"),
    "/staff/patients/*/break-glass": _("Open a record in an emergency"),
    "/staff/patients/*/legal-hold": _("Place a legal hold"),
    "/staff/patients/*/legal-hold/lift": _("Lift a legal hold"),
    "/staff/queue/find": _("Look somebody up"),
    "/staff/queue/together": _("Do something for several people"),
    "/staff/reports/money/*": _("A file of the figures about money"),
    "/staff/reports/new-jersey/file": _("A file of New Jersey's report"),
    "/staff/reviews/*": _("Answer a request to look"),
    "/staff/stripe/*": _("A message from the payment provider"),
    "/staff/team/invite": _("Invite somebody to the team"),
    "/staff/team/invitations/*/again": _("Send an invitation again"),
    "/staff/team/invitations/*/withdraw": _("Withdraw an invitation"),
    "/staff/team/*/deactivate": _("Deactivate an account"),
    "/staff/visits/*/hand": _("A visit given to a colleague"),
    "/staff/team/*/leave": _("Somebody leaves: what becomes of their visits"),
    "/staff/team/*/stay": _("Somebody stays after all"),
    "/staff/team/*/reactivate": _("Reactivate an account"),
    "/staff/team/*/reset-factor": _("Remove a second step"),
    "/staff/team/*/role": _("Change a role"),
    "/staff/team/*/sign-out": _("Sign somebody out everywhere"),
}
LABELS = {
    "answer": _("Your answer"),
    "city": _("City"),
    "email": _("Email address"),
    "heir_id": _("New owner"),
    "line1": _("Street and house number"),
    "line2": _("Apartment, floor or unit"),
    "locale": _("Language of these pages"),
    "care_language": _("Language you speak most easily"),
    "name": _("Name"),
    "pdmp_checked_at": _("Prescription monitoring program checked"),
    "phone": _("Phone number"),
    "preferred_name": _("Preferred name"),
    "price_cents": _("Price"),
    "pronouns": _("Pronouns"),
    "reason": _("Reason"),
    "relation": _("Who they are to you"),
    "role": _("Role"),
    "slot": _("Time"),
    "time_zone": _("Time zone"),
    "typed_name": _("Your full name"),
    "user_id": _("Colleague to add"),
    "why": _("Reason"),
    "words": _("What you found"),
    "zip_code": _("ZIP code"),
}
# What a page carries for itself: it travels on, and nobody typed it. A county is a number that its page knows.
UNSEEN = frozenset(
    {"again", "county", "day", "instrument", "next", "revision", "shown", "terms", "until", "way", "yes_to"}
)
TICKED = {"y": _("Yes"), "yes": _("Yes"), "no": _("No")}
CHOSEN = frozenset({"modality", "decision", "plan", "why"})  # keys like "in_person"
QUESTION = re.compile(r"/check-ins/[0-9a-f-]{36}/(\d{1,3})$")

Fields = list[tuple[str, str]]
Names = Mapping[UUID, str]


def place(path: str) -> str:
    """What the form at `path` is for. Empty where nobody has said it."""
    path = path.partition("?")[0]
    return next((str(what) for pattern, what in PLACES.items() if fnmatchcase(path, pattern)), "")


def ids_in(path: str, fields: Fields) -> list[UUID]:
    """Who or what is named by an id, in the address and among the fields."""
    found = (_id(text) for text in (*path.partition("?")[0].split("/"), *(value for _name, value in fields)))
    return [one for one in found if one]


def in_words(
    path: str, fields: Fields, instruments: Mapping[str, Instrument], names: Names, zone: str
) -> list[tuple[str, str]]:
    """What stands in it: (label, value), in the reader's words. `names` are those of colleagues."""
    instrument = instruments.get(dict(fields).get("instrument", ""))
    said = []
    for name, value in fields:
        if not value.strip() or name in UNSEEN:
            continue
        item = _item(instrument, path, name)
        if item:
            said.append((item.text, next((one.label for one in item.options if str(one.value) == value), value)))
            continue
        label = LABELS.get(name) or name.replace("_", " ").replace("-", " ").capitalize()
        said.append((str(label), _value(name, value, names, zone)))
    return said


def _item(instrument: Instrument | None, path: str, name: str) -> Item | None:
    """The question of a check-in that a field answers: named by itself, or by the number of its page."""
    if instrument is None:
        return None
    found = QUESTION.match(path.partition("?")[0])
    if name == "answer" and found:
        in_order = sorted(instrument.items, key=lambda item: not item.scored)
        return next(iter(in_order[int(found[1]) - 1 :]), None) if int(found[1]) else None
    return next((item for item in instrument.items if name == f"item-{item.id}"), None)


def _value(name: str, value: str, names: Names, zone: str) -> str:
    if value in US_ZONES:
        return str(gettext(US_ZONES[value]))
    if name == "role" and value in ROLE_NAMES:
        return str(ROLE_NAMES[value])
    if name == "reason" and value in REASON_NAMES:
        return str(REASON_NAMES[value])
    if value in TICKED:
        return str(TICKED[value])
    if name in CHOSEN:
        return value.replace("_", " ").capitalize()
    try:
        if name in ("locale", "care_language"):
            return language_name(value)
        if name == "price_cents":
            return money(int(value))
        if name == "slot":
            starts_at = datetime.fromtimestamp(int(value.rpartition("_")[2]), UTC)
            return moment(starts_at, zone, locale=str(get_locale() or "en"))
    except (ValueError, LookupError, OverflowError, OSError):  # somebody else's hand wrote it
        return value
    whose = _id(value)
    return names.get(whose, value) if whose else value


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None
