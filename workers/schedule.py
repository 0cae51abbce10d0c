"""What runs, when, on which queue, and why. The whole timetable is this page.

`tick` is every two seconds: an empty scan is one index probe. `sweep` is every minute and picks up what a lost job
left behind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from config.settings import Settings
from service.kit.queue import QUEUES, queue_of

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timetable. `every` names an interval of the settings."""

    task: str
    every: Literal["tick", "sweep", "hour", "heartbeat"]
    why: str
    arguments: dict[str, Any] = field(default_factory=dict)
    queue: str | None = None
    patient: bool = False  # True: kept for ten minutes, even where two machines' clocks disagree

    @property
    def name(self) -> str:
        """A name that is unique in the timetable."""
        return ":".join([self.task, *(str(value) for value in self.arguments.values())])


SCHEDULE = (
    Entry(
        "safety.escalate_due",
        "tick",
        "an alert nobody acknowledged climbs; nothing else can hold this up",
        patient=True,
    ),
    Entry("audit.seal", "tick", "chain what was noted since; on a queue and a worker of its own: within five seconds"),
    Entry("audit.watch", "sweep", "anchor the head once a day; unsealed for a minute, or unanchored, calls a person"),
    Entry("checkins.open_due", "tick", "open the check-ins whose patient-local moment has come, close the missed"),
    Entry("reminders.plan_due", "tick", "put the nudges for open check-ins into the outbox, once each"),
    Entry("reminders.plan_visits", "tick", "put the nudges for visits ahead into the outbox, once each"),
    Entry("visits.let_go_expired", "sweep", "times that were held and not booked in time are open again"),
    Entry("accounts.mail_reset_links", "tick", "whoever asked for a new password gets a link, if there is an account"),
    Entry(
        "accounts.mail_confirmations",
        "tick",
        "whoever joined gets the link that confirms the address, or its owner word",
    ),
    Entry(
        "enrollment.mail_waitlist_links", "tick", "whoever asked to be told of a state gets the link that confirms it"
    ),
    Entry(
        "visits.remind_of_licenses", "hour", "a licence that runs out: told 60, 30 and 7 days before, and on the day"
    ),
    Entry(
        "enrollment.warn_of_authority",
        "hour",
        "60, 30 and 14 days before the federal telemedicine authority ends, whose care rests on it",
    ),
    Entry("visits.watch_bookings", "sweep", "no patient waits for a clinician who may not see them any more"),
    Entry("enrollment.mail_resume_links", "tick", "whoever asked to go on with the assessment elsewhere gets the link"),
    Entry("enrollment.nudge_left", "sweep", "one reminder for whoever asked for it and left the assessment unfinished"),
    Entry("enrollment.tell_waiting", "hour", "whoever waits for a state or a program that is open by now hears, once"),
    Entry(
        "enrollment.settle_moves", "hour", "who moved goes on where we have opened since, or once a visit is recorded"
    ),
    Entry(
        "enrollment.tell_of_new_texts",
        "sweep",
        "whoever signed a text that has a new version is told, once ahead, once on the day",
    ),
    Entry("mail.deliver_due", "tick", "send what is due, whoever queued it"),
    Entry("billing.sweep_events", "sweep", "handle webhooks whose job was lost, retry those that failed"),
    Entry("billing.ask_again", "sweep", "a call to Stripe without an answer: under the same key, or looked up first"),
    Entry("billing.call_about_failed_refunds", "sweep", "money given back that did not arrive: somebody is called"),
    Entry("billing.ask_before_renewals", "sweep", "remind of charges to come and stop those the gate refuses"),
    Entry("billing.change_prices", "sweep", "tell of a new price in time, begin what was agreed, settle what was not"),
    Entry("billing.stop_refused", "tick", "a hold, a move, a consent taken back: drafts and retries near are stopped"),
    Entry("billing.judge_payments", "tick", "a payment that slipped through the gate is given back and called about"),
    Entry("billing.end_overdue", "hour", "care is over, or nobody decided in the policy's days: the membership ends"),
    Entry("billing.warn_of_cards", "hour", "whose card will be out of date at the next charge is told, once"),
    Entry("billing.close_refused_pages", "tick", "a hold closes the pay page that was opened before it"),
    Entry("billing.reconcile", "hour", "what we believe against what Stripe says; messages that never came"),
    Entry("billing.compare_all", "sweep", "once a night all of it, both ways: a part each minute until it is done"),
    Entry(
        "billing.watch",
        "sweep",
        "messages that wait, a night without a comparison, what differs: a person is called",
    ),
    Entry(
        "privacy.sweep_copies", "sweep", "copies of their data whose job was lost or broke; those whose time is over"
    ),
    Entry(
        "privacy.retain",
        "hour",
        "remove what is no longer kept: done once a day, asked each hour so that no day is missed",
    ),
    Entry("reminders.compare", "sweep", "expected against actual sends: silence raises an alarm"),
    Entry(
        "safety.call_for_reviews", "sweep", "an emergency look nobody has reviewed for seven days calls an owner again"
    ),
    *(
        Entry("health.beat", "heartbeat", f"the {name} queue is consumed", {"queue_name": name}, queue=name)
        for name in QUEUES
    ),
)


def beat_schedule(settings: Settings) -> dict[str, dict[str, Any]]:
    """The timetable as Celery beat reads it.

    A tick that waited for five intervals is dropped: a worker that was away finds a few waiting, not thousands.
    """
    seconds = {
        "tick": settings.tick_seconds,
        "sweep": settings.sweep_seconds,
        "hour": HOUR,
        "heartbeat": settings.heartbeat_seconds,
    }
    return {
        entry.name: {
            "task": entry.task,
            "schedule": seconds[entry.every],
            "kwargs": entry.arguments,
            "options": {
                "queue": entry.queue or queue_of(entry.task),
                "expires": 600 if entry.patient else seconds[entry.every] * 5,
            },
        }
        for entry in SCHEDULE
    }
