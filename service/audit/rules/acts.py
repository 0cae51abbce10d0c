"""The trail in plain words: each act as a person would say it. Pure; translated where it is shown."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from service.kit.errors import words

ACTS: Final = MappingProxyType(
    {
        "account.add_passkey": words("Added a passkey"),
        "account.add_totp": words("Added codes from an app"),
        "account.agree_to_email_notices": words("Agreed to notices by email"),
        "account.ask_for_new_email": words("Asked to change the email address"),
        "account.ask_reset": words("Asked for a new password"),
        "account.cancel_totp": words("Stopped setting up codes from an app"),
        "account.change_about_you": words("Changed name or pronouns"),
        "account.change_address": words("Changed the home address"),
        "account.change_email": words("Changed the email address"),
        "account.change_demographics": words("Changed what they told about sex, race and ethnicity"),
        "account.change_emergency_contact": words("Changed the emergency contact"),
        "account.change_language": words("Changed the language"),
        "account.change_password": words("Changed the password"),
        "account.change_phone": words("Changed the phone number"),
        "account.change_time_zone": words("Changed the time zone"),
        "account.close": words("Closed the account"),
        "account.confirm_address": words("Confirmed the email address"),
        "account.decline_second_step": words("Chose to go without a second step"),
        "account.end_all_sign_ins": words("Signed out everywhere"),
        "account.end_other_sign_ins": words("Signed out on all other devices"),
        "account.end_sign_in": words("Signed out one device"),
        "account.forget_device": words("Made one device unknown again"),
        "account.forget_devices": words("Made every device unknown again"),
        "account.join": words("Joined"),
        "account.mail_reset_link": words("Got a link for a new password by email"),
        "account.make_recovery_codes": words("Made new recovery codes"),
        "account.prove": words("Proved again who they are"),
        "account.remove_emergency_contact": words("Removed the emergency contact"),
        "account.remove_passkey": words("Removed a passkey"),
        "account.remove_totp": words("Removed codes from an app"),
        "account.rename_passkey": words("Renamed a passkey"),
        "account.reset_password": words("Set a new password by a link"),
        "account.second_factor": words("Gave a second step"),
        "account.send_code": words("Asked for a code by email"),
        "account.send_confirmation": words("Asked for the confirmation email again"),
        "account.show_set_up_code": words("Showed the code for setting up a second step"),
        "account.sign_in": words("Signed in"),
        "account.sign_out": words("Signed out"),
        "account.start_totp": words("Began to set up codes from an app"),
        "account.stop_new_email": words("Stopped a change of the email address"),
        "alert.acknowledge": words("Took an alert"),
        "alert.escalate": words("Called the next person about an alert"),
        "alert.raise": words("Raised an alert for the care team"),
        "assessment.leave_address": words("Left an address for a link to go on"),
        "assessment.start": words("Began the questions about joining"),
        "assessment.submit": words("Sent the answers about joining"),
        "assessment.take_over": words("Went on with the answers on another device"),
        "break_glass.ask": words("Went to the page that opens a record from outside the care team"),
        "break_glass.open": words("Opened the record from outside the care team, with a reason"),
        "break_glass.review": words("Reviewed why a record was opened from outside the care team"),
        "break_glass.view": words("Looked at who opened records from outside the care team"),
        "care_team.assign": words("Added somebody to the care team"),
        "care_team.remove": words("Took somebody off the care team"),
        "care_team.view": words("Looked at the care team"),
        "checkin.answer": words("Answered a question of a check-in"),
        "checkin.submit": words("Sent a check-in"),
        "checkout.start": words("Went to pay"),
        "clinician.add": words("Added a clinician"),
        "clinician.change": words("Changed who a clinician is"),
        "clinician.hours": words("Changed a clinician's weekly hours"),
        "clinician.leave": words("Noted that a clinician leaves"),
        "clinician.other_day": words("Noted a day unlike a clinician's others"),
        "clinician.other_day_removed": words("Made a clinician's day like the others again"),
        "clinician.practise": words("Added a clinician's licenses and hours"),
        "consent.decline": words("Would rather not sign a text that was offered"),
        "consent.download": words("Took a signed text along as a file"),
        "consent.sign": words("Signed a consent"),
        "consent.withdraw": words("Took a consent back"),
        "copy.ask": words("Asked for a copy of the data"),
        "copy.download": words("Downloaded a copy of the data"),
        "copy.fail": words("Could not make a copy of the data"),
        "copy.ready": words("Made a copy of the data"),
        "encounter.add": words("Added to the signed record of a visit"),
        "encounter.sign": words("Signed the record of a visit"),
        "enrollment.ask_more": words("Asked for more before deciding"),
        "enrollment.book": words("Moved on: a visit is booked"),
        "enrollment.cancel_visit": words("Moved back: the visit was cancelled"),
        "enrollment.complete": words("Completed the enrollment"),
        "enrollment.decide_approve": words("Decided about the enrollment"),
        "enrollment.decide_decline": words("Decided about the enrollment"),
        "enrollment.end": words("Ended the enrollment"),
        "enrollment.hand_over": words("Handed a task to a colleague"),
        "enrollment.join": words("Began the enrollment"),
        "enrollment.pay": words("Moved on: the membership is paid"),
        "enrollment.relocate": words("Goes on in another state, where the patient lives now"),
        "enrollment.sign_last_consent": words("Moved on: every consent is signed"),
        "enrollment.take": words("Took on the enrollment"),
        "enrollment.transfer": words("Transferred the care to another state"),
        "enrollment.withdraw": words("Withdrew"),
        "estimate.download": words("Took an estimate along as a file"),
        "estimate.issue": words("Gave a written estimate of costs"),
        "form.keep": words("Kept what was typed before signing out"),
        "form.send_kept": words("Sent a form that was kept"),
        "form.throw_away": words("Threw a kept form away"),
        "hold.lift": words("Lifted a safety hold"),
        "hold.place": words("Placed a safety hold"),
        "legal_hold.lift": words("Lifted a legal hold"),
        "legal_hold.place": words("Placed a legal hold"),
        "legal_hold.view": words("Looked at legal holds"),
        "license.add": words("Added a license of a clinician"),
        "license.end": words("Ended a license of a clinician"),
        "license.renew": words("Renewed a license of a clinician"),
        "license.verify": words("Looked a license of a clinician up again"),
        "membership.active": words("Found the membership active"),
        "membership.agree": words("Agreed to the terms of the membership"),
        "membership.awaiting_payment": words("Found the membership waiting for a payment"),
        "membership.cancel": words("Cancelled the membership"),
        "membership.ended": words("Found the membership ended"),
        "membership.grace": words("Found a payment of the membership failed"),
        "membership.paid_on_hold": words("Found a payment that a hold should have stopped"),
        "membership.paid_out_of_turn": words("Found a payment for a membership that had ended"),
        "membership.resume": words("Let the membership go on"),
        "membership.stop": words("Stopped the membership"),
        "membership.stopped": words("Found the membership stopped"),
        "membership.undo_cancel": words("Took the cancellation back"),
        "queue.view": words("Saw the name in a list"),
        "report.export": words("Downloaded a report of visits without names"),
        "report.view": words("Looked at a report of visits without names"),
        "record.view": words("Looked at the record"),
        "retention.remove": words("Removed a record that is no longer kept"),
        "retention.run": words("Removed what is no longer kept"),
        "staff.accept_invitation": words("Accepted the invitation"),
        "staff.create": words("Added a member of staff"),
        "staff.create_owner": words("Invited the first owner from the command line"),
        "staff.invite": words("Invited a member of staff"),
        "staff.invite_again": words("Sent an invitation again"),
        "staff.deactivated": words("Closed the account of a member of staff"),
        "staff.factor_reset": words("Removed the second steps of a member of staff"),
        "staff.reactivated": words("Opened the account of a member of staff again"),
        "staff.role": words("Changed the role of a member of staff"),
        "staff.sign_ins_ended": words("Signed a member of staff out everywhere"),
        "staff.withdraw_invitation": words("Withdrew an invitation"),
        "trail.anchor": words("Wrote the head of the audit trail down outside the database"),
        "trail.export": words("Exported the audit trail"),
        "review.answer": words("Answered somebody who asked that a person looks"),
        "review.ask": words("Asked that a person looks at the result"),
        "trail.purge": words("Removed audit entries that are no longer kept"),
        "trail.view": words("Looked at the audit trail"),
        "visit.attest": words("Said where they are, before a visit"),
        "visit.book": words("Booked a visit"),
        "visit.by_phone": words("Went on by phone, because the picture failed"),
        "visit.call_off": words("Called off a visit whose clinician leaves"),
        "visit.cancel": words("Cancelled a visit"),
        "visit.hand_over": words("Gave a visit to another clinician"),
        "visit.change": words("Changed a visit to another time"),
        "visit.hold": words("Chose a time, which is kept for ten minutes"),
        "visit.miss": words("Noted a missed visit"),
        "waitlist.ask": words("Asked to be on the waitlist"),
        "waitlist.confirm": words("Confirmed a place on the waitlist"),
        "waitlist.leave": words("Left the waitlist"),
    }
)
# What a look was at, where the act alone does not say it.
LOOKED_AT: Final = MappingProxyType(
    {
        "alert": words("Looked at an alert"),
        "data_request": words("Looked at a request about data"),
        "enrollment": words("Looked at the enrollment and what was answered"),
        "hold": words("Looked at a safety hold"),
        "membership": words("Looked at the membership and its payments"),
        "reminders": words("Looked at the reminders"),
        "review": words("Looked at a request to look at a result, and at what was answered"),
    }
)
# What the page of the trail offers to look for: acts by the beginnings of their names.
GROUPS: Final = MappingProxyType(
    {
        "looks": (words("Looks at records"), ("record.view", "queue.view", "care_team.view", "break_glass.")),
        "refused": (words("Doors that stayed shut"), ("refused:",)),
        "doors": (words("Signing in and accounts"), ("account.", "form.")),
        "care": (
            words("Care: enrollment, visits, check-ins, alerts"),
            (
                "assessment.",
                "review.",
                "enrollment.",
                "encounter.",
                "visit.",
                "consent.",
                "estimate.",
                "checkin.",
                "alert.",
                "hold.",
                "waitlist.",
                "care_team.",
                "clinician.",
                "license.",
            ),
        ),
        "money": (words("Memberships and payments"), ("membership.", "checkout.", "refund.")),
        "data": (
            words("Copies, exports, closing and keeping"),
            (
                "copy.",
                "report.",
                "trail.",
                "legal_hold.",
                "retention.",
                "close.",
            ),
        ),
        "team": (words("The team"), ("staff.", "invitation.")),
    }
)
REFUSED = words("Was turned away from a page")
UNKNOWN = words("An act we no longer have words for")
BREAK_GLASS = "break_glass.open"


def say(action: str, subject_kind: str) -> str:
    """An act in a few words, in English."""
    if action == "record.view" and subject_kind in LOOKED_AT:
        return LOOKED_AT[subject_kind]
    if action.startswith("refused:"):
        return REFUSED
    return ACTS.get(action, UNKNOWN)


def say_to_patient(action: str, subject_kind: str) -> str:
    """As `say`, for the person whose record it is. A legal hold is between the practice and its counsel: whoever
    places or lifts one has looked at the record, and that is what is told.
    """
    return say("record.view" if action.startswith("legal_hold.") else action, subject_kind)
