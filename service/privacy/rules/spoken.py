"""The words of the pages for what our records keep as codes. Pure; the JSON keeps the codes."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError

from service.accounts.rules.contact import US_ZONES, spoken_phone
from service.accounts.rules.devices import browser_words
from service.enrollment.rules.regions import REGIONS

_STATUS = {
    "active": "In force",
    "approved": "Approved",
    "asked": "Being made",
    "assessed": "Assessment taken",
    "awaiting_payment": "Waiting for the first payment",
    "booked": "Visit booked",
    "cancelled": "Cancelled",
    "consented": "Everything signed",
    "decided": "Decided by the clinician",
    "declined": "Declined",
    "ended": "Ended",
    "expired": "Over",
    "failed": "Did not work",
    "finished": "Took place",
    "grace": "A payment did not go through",
    "held": "Kept for you for ten minutes",
    "let_go": "Not taken up in time",
    "missed": "Missed",
    "more_info": "The clinician asked to talk again",
    "open": "Open",
    "paid": "Paid",
    "queued": "About to be sent",
    "ready": "Ready",
    "sent": "Sent",
    "skipped": "Not sent, because it was no longer needed",
    "stopped": "Stopped",
    "submitted": "Answered",
    "uncollectible": "Given up",
    "void": "Cancelled",
}
_STEPS = {
    "ask_more": "The clinician asked to talk again",
    "book": "A visit was booked",
    "cancel_second_visit": "The visit was cancelled",
    "cancel_visit": "The visit was cancelled",
    "complete": "Our team completed the papers",
    "decide_approve": "The clinician approved",
    "decide_decline": "The clinician declined",
    "end": "It ended",
    "join": "You joined",
    "lapse": "The membership was over: paying begins it anew",
    "pay": "You paid",
    "relocate": "It went on in your new state",
    "sign_last_consent": "You signed the last document",
    "transfer": "Your care went on in your new state",
    "withdraw": "It was withdrawn",
}
_MAILS = {
    "account closed": "Your account is closed",
    "account unused": "Your account has not been used for long",
    "already registered": "You have an account already",
    "assessment link": "Link to go on with your answers",
    "assessment nudge": "You can still go on with your answers",
    "card changed": "Your card was changed",
    "card expires": "Your card runs out",
    "charge dropped": "A charge was dropped",
    "checkin due": "A check-in is waiting",
    "checkin reminder": "Reminder of a check-in",
    "codes tried": "Codes that were not right",
    "confirm address": "Link to confirm your address",
    "confirm new email": "Link to confirm a new address",
    "consent now": "A document has changed",
    "consent soon": "A document will change",
    "consent withdrawn": "Your documents were changed",
    "copy ready": "Your copy is ready",
    "credit given": "A credit for your next charge",
    "email changed": "Your email address was changed",
    "enrollment approved": "You can go on",
    "enrollment decided": "Your visit is recorded",
    "enrollment declined": "About your application",
    "enrollment more info": "A question about your application",
    "membership back": "Your membership goes on",
    "membership changed": "Your membership was changed",
    "membership ended": "Your membership has ended",
    "membership ending": "Your membership will end",
    "membership started": "Your membership has begun",
    "membership stopped": "Your membership is paused",
    "membership unpaid": "Your membership is not paid",
    "months given": "Months without a charge",
    "new email asked": "A new address was asked for",
    "new sign in": "A new sign-in",
    "payment problem": "A payment did not go through",
    "payment receipt": "Receipt",
    "price change": "Your price will change",
    "refund returned": "A refund did not arrive",
    "refund sent": "Money goes back to you",
    "renewal reminder": "Your membership renews soon",
    "reset password": "Link to a new password",
    "review answered": "An answer to your request",
    "security change": "Your account was changed",
    "sign in code": "Code to sign in",
    "visit booked": "Your visit is booked",
    "visit called off": "Your visit cannot take place",
    "visit cancelled": "Your visit is cancelled",
    "visit changed": "Your visit has another time",
    "visit missed": "You missed a visit",
    "visit not there": "Your visit is cancelled",
    "visit soon": "Reminder of a visit",
    "visit tomorrow": "Reminder of a visit",
    "visit with another": "Your visit is with somebody else",
    "waitlist confirm": "Link to confirm a waitlist",
    "waitlist joined": "You are on a waitlist",
    "waitlist opened": "What you waited for is open",
}
_SETTLED = {"settled": "Settled", "open": "Still open"}
SAID: dict[str, dict[str, str]] = {
    "decision": {"approve": "Approved", "decline": "Declined", "more_info": "Asked to talk again"},
    "held_by": {"video": "Video", "audio": "Telephone", "in_person": "Meeting in person"},
    "blood_pressure_monitor": _SETTLED,
    "clinician_was_in": dict(REGIONS),
    "id_document": {
        "drivers_license": "Driver's license",
        "state_id": "State ID card",
        "passport": "Passport",
        "military_id": "Military ID",
        "tribal_id": "Tribal ID",
        "residence_card": "Permanent resident card",
        "other": "Another with a photo",
    },
    "identity_checked_by": {
        "photo_id": "A photo ID",
        "recognised": "Being known from an earlier visit",
        "questions": "Questions alone",
        "none": "Not made sure",
    },
    "kind": {
        "consultation": "Consultation",
        "follow_up": "Follow-up",
        "transfer": "Visit after a move",
        "physician": "Physician license",
        "advanced_practice_nurse": "Advanced practice nurse license",
        "physician_assistant": "Physician assistant license",
        "out_of_state_telehealth": "Out-of-state telehealth registration",
        "dea": "DEA registration",
        "cds": "CDS registration",
        **_MAILS,
    },
    "occasion": {"booking": "When you booked", "approval": "When you were approved", "asked": "When you asked"},
    "outcome": {
        "done": "Done",
        "refused": "Turned down",
        "emergency": "We showed you where to get help at once",
        "not_eligible": "Not a good fit right now",
        "clinician_review": "A clinician looks at it",
        "eligible": "You may qualify",
    },
    "paid_by": {
        "self_pay": "You",
        "insurance": "An insurance",
        "medicare": "Medicare",
        "medicaid": "Medicaid",
        "other": "Somebody else",
    },
    "prescription_monitoring_showed": {"none": "Nothing of concern", "concern": "Something of concern"},
    "sober_adult": _SETTLED,
    "state": dict(REGIONS),
    "status": _STATUS,
    "then": _STATUS,
    "time_zone": dict(US_ZONES),
    "what": _STEPS,
    "you_were_in": dict(REGIONS),
}


def said(name: str, text: str) -> str | None:
    """How people read the code `text` in the field `name`; None where it is no code of ours."""
    if name in ("phone", "callback"):
        return spoken_phone(text)
    if name == "browser":
        return " on ".join(part for part in browser_words(text) if part) or "One that did not say its name"
    if name.startswith("language"):
        return _language(text)
    return SAID.get(name, {}).get(text)


def _language(tag: str) -> str | None:
    """A BCP 47 tag as English calls the language."""
    try:
        return Locale.parse(tag, sep="-").get_display_name("en")
    except (UnknownLocaleError, ValueError):
        return Locale("en").languages.get(tag)
