"""The journeys with a marked value in every field, each person in a browser whose pages are noted."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

import pyotp

from service.kit.clock import wall_now
from service.sandbox import walks
from service.sandbox.walker import Page
from tests.accounts.authenticator import Authenticator
from tests.journeys import webhooks
from tests.journeys.live import Live
from tests.journeys.recorder import Seen, Watched, crawl
from tests.marks import Mark

CLINIC = ZoneInfo("America/New_York")
BORN = date(1961, 3, 19)
CARD = "4000000000000341"
ESSEX = "34013"
ANSWERS = [3, 3, 3, 3, 3, 2, 2, 2, 1]  # 22, and an item 9 that calls somebody


@dataclass(frozen=True)
class Signer(walks.Person):
    """Somebody whose signature is not simply their name."""

    signature: str = ""

    @property
    def full_name(self) -> str:
        return self.signature or super().full_name


class Journey:
    """Each method is one stretch; `everything` walks them in order. New values are marked as they appear."""

    def __init__(self, live: Live, values: dict[str, str], seen: Seen) -> None:
        self.live, self.values, self.seen = live, values, seen
        self.new: dict[str, Mark] = {}
        self.first = self.browser("first")
        self.second = self.browser("second")
        self.staff = {
            who: self.employed(who, f"{name}@staff.example")
            for who, name in {
                "owner": "olive",
                "clinician on the team": "maya",
                "clinician off the team": "noah",
                "coordinator": "sam",
                "billing": "bo",
            }.items()
        }
        self.person = Signer(
            values["given name"],
            values["family name"],
            values["e-mail"],
            values["password"],
            values["ZIP"],
            BORN,
            signature=values["typed name"],
        )
        self.other = walks.Person("Wanda", "Quill", "wanda@example.com", values["password"] + "x", "33140")

    def browser(self, who: str) -> Watched:
        """A browser whose pages are noted under `who`."""
        return Watched(self.live.running.web, who, self.seen)

    def employed(self, who: str, email: str) -> Watched:
        """A member of staff, signed in."""
        row = next(row for row in self.live.running.people if row["email"] == email)
        walker = self.browser(who)
        walks.staff_sign_in(walker, walks.Colleague(email, row["password"], row["totp_secret"]))
        return walker

    def everything(self) -> None:
        """Walk it all."""
        for step in (
            self.waits,
            self.asks_a_person,
            self.joins,
            self.tells_about_herself,
            self.is_seen,
            self.signs_and_pays,
            self.is_given_money,
            self.is_not_well,
            self.adds_second_steps,
            self.names_a_passkey,
            self.changes_her_address,
            self.is_too_late,
            self.a_colleague_comes,
            self.the_glass_breaks,
            self.is_held,
            self.stripe_writes,
            self.takes_copies,
        ):
            step()

    def waits(self) -> None:
        """A visitor from elsewhere asks to be told."""
        visitor = self.browser("visitor")
        visitor.get("/waitlist")
        visitor.fill({"email": self.values["waiting address"], "state": "NY"}, "email")
        mail = self.live.mailbox.wait_for(self.values["waiting address"], "Confirm")
        self.new["waitlist link"] = Mark("waitlist link", _token(walks.path_in(mail, "^/waitlist/confirm/")))
        visitor.get(walks.path_in(mail, "^/waitlist/confirm/"))
        visitor.fill({}, "/waitlist/confirm/")

    def asks_a_person(self) -> None:
        """A visitor goes on by a mailed link, is told no, asks that a person looks, and reads the answer."""
        visitor, maya = self.browser("visitor"), self.staff["clinician on the team"]
        visitor.get("/assessment")
        visitor.fill({}, "/assessment")
        visitor.get("/assessment/later")
        visitor.fill({"email": self.values["left address"]}, "email")
        link = walks.path_in(self.live.mailbox.wait_for(self.values["left address"], "link"), "^/assessment/resume/")
        self.new["resume link"] = Mark("resume link", _token(link))
        visitor.get(link)
        visitor.fill({}, "/assessment/resume/")
        walks.assess(visitor, {**walks.CALM_ANSWERS, "body": "allergy"}).must("not a good fit")
        visitor.get("/assessment/review")
        visitor.fill({"email": self.values["review address"], "message": self.values["review words"]}, "email")
        page = maya.get(next(href for href, _ in maya.get("/staff/reviews").links if "/staff/reviews/" in href))
        maya.send(page.form("note"), {"verdict": "opened", "note": self.values["review note"]}).must("Answered")
        maya.get(page.path)
        answer = walks.path_in(
            self.live.mailbox.wait_for(self.values["review address"], "answer"), "^/assessment/resume/"
        )
        visitor.get(answer)
        visitor.fill({}, "/assessment/resume/").must("You can talk with a clinician")

    def joins(self) -> None:
        """Both patients come in; the first mistypes her password once."""
        for walker, person in ((self.first, self.person), (self.second, self.other)):
            answers = {**walks.CALM_ANSWERS, "zip": person.zip_code}
            if walker is self.first:
                answers["medicines"] = "lamotrigine"
            walks.assess(walker, answers, person.born_on)
            walker.get("/join")
            walker.fill(
                {"given_name": person.given_name, "password": person.password, "email": "no address"}, "password"
            )
            walks.join(walker, person)
            mail = self.live.mailbox.wait_for(person.email, "Confirm")
            if walker is self.first:
                self.new["link token"] = Mark("link token", _token(walks.path_in(mail, "^/confirm/")))
            walker.get(walks.path_in(mail, "^/confirm/"))
            walker.fill({"password": person.password + " mistyped"}, "/confirm/")
            walks.confirm(walker, person, self.live.mailbox)
            walks.sign_in(walker, person.email, person.password, self.live.mailbox).must(person.given_name)
        walks.enter(self._at_the_door("first"), self.person.email, self.person.password, self.live.mailbox)
        mail = self.live.mailbox.wait_for(self.person.email, walks.CODE_SUBJECT)
        self.new["mailed code"] = Mark("mailed code", walks.code_in(mail))

    def _at_the_door(self, who: str) -> Watched:
        """Another browser, which nobody knows, on the page for signing in."""
        walker = self.browser(who)
        walker.get("/sign-in")
        return walker

    def tells_about_herself(self) -> None:
        """Every field of the settings."""
        values, walker = self.values, self.first
        for path, sent in {
            "/settings/about-you": {"preferred_name": values["preferred name"], "pronouns": values["pronouns"]},
            "/settings/phone": {"phone": values["phone"]},
            "/settings/emergency-contact": {
                "name": values["emergency contact"],
                "relation": values["emergency relation"],
                "phone": values["emergency phone"],
            },
            "/settings/about-you/optional": {"race": "pacific"},
            "/settings/address": {
                "line1": values["street"],
                "line2": "",
                "city": values["city"],
                "zip": values["ZIP"],
                "zip_code": values["ZIP"],
            },
        }.items():
            form = self.proved(walker, self.person, path).form(next(iter(sent)))
            known = {*form.values, *form.choices}
            page = walker.send(form, {name: value for name, value in sent.items() if name in known})
            assert page.status == 200, (path, page.status, page.text[:500])

    def proved(self, walker: Watched, person: walks.Person, path: str) -> Page:
        """A page that asks first whether it is really them: an app's code, or a mailed one for the password."""
        page = walker.get(path)
        if page.path != "/prove-it-is-you":
            return page
        if "TOTP secret" in self.new and walker is self.first:
            return self._app(walker, page, self.new["TOTP secret"].value)
        self.live.let_codes_be_older()
        before = len(self._proofs(person.email))
        page = walker.fill({"password": person.password}, "password")
        end = time.monotonic() + 30
        while len(found := self._proofs(person.email)) <= before:
            assert time.monotonic() < end, page.text[:500]
            time.sleep(0.2)
        return walker.fill({"code": walks.code_in(found[-1])}, "code")

    def _proofs(self, email: str) -> list[dict[str, str]]:
        return [mail for mail in self.live.mailbox.mails(email) if walks.CODE_SUBJECT in mail["subject"]]

    def is_seen(self) -> None:
        """Both have a visit: one is approved, one is not."""
        begins = [walks.book(self.first, own_words=self.values["visit wish"]), walks.book(self.second)]
        maya = self.staff["clinician on the team"]
        for person, when, decision in zip((self.person, self.other), begins, ("approve", "decline"), strict=True):
            if when + timedelta(minutes=25) > self.live.mover.now():
                self.live.mover.move_to(when + timedelta(minutes=25))
            if person is self.person:
                maya.get(walks.open_record(maya, person).path + "/encounter")  # where help goes until she says more
                address, callback = self.values["visit address"], self.values["visit callback"]
                walks.go_in(self.first, person, county=ESSEX, address=address, callback=callback)
            maya.get(walks.open_record(maya, person).path + "/encounter")
            page = maya.fill(self._record(decision, "NJ" if person is self.person else "FL"), "decision")
            page.must("signed")
        page = maya.get(next(href for href, _ in walks.open_record(maya, self.person).links if "/addendum" in href))
        maya.send(page.form("text"), {"text": self.values["visit addendum"]}).must("addendum is signed")
        walks.complete(self.staff["coordinator"], self.person)

    def _record(self, decision: str, state: str) -> dict[str, str | list[str]]:
        first = decision == "approve"
        return {
            **walks.a_visit(
                state=state, seen_at=self.live.mover.now().astimezone(CLINIC).strftime("%m/%d/%Y %I:%M %p")
            ),
            "plan": self.values["visit record"] if first else "Nothing to plan here.",
            "notes": self.values["visit notes"] if first else "Nothing to note here.",
            "decision": decision,
            "reason": self.values["decision reason"] if first else self.values["decline reason"],
        }

    def _releases_and_takes_back(self) -> None:
        """We may speak with somebody; and no longer."""
        self.first.get("/consents/roi_doctor")
        release = {"name": self.values["release name"], "scope": ["part"], "months": "6", "agreed": "y"}
        page = self.first.fill({**release, "typed_name": self.person.full_name}, "agreed")
        if "how you sign" in page.heading:
            self.first.fill({"sure": "y"}, "typed_name")
        self.first.get("/consents/roi_doctor/withdraw")
        self.first.fill({"why": self.values["withdrawal reason"]}, "why").must("Taken back")

    def signs_and_pays(self) -> None:
        """The texts, and the card."""
        walks.sign_consents(self.first, self.person)
        self._releases_and_takes_back()
        walks.pay(self.first, card=CARD)
        self.live.mover.settle()
        self.first.until("/billing", "Next charge")

    def is_given_money(self) -> None:
        """A coordinator notes something and asks for money back; billing declines, gives credit, ends it; she stays."""
        sam, bo = self.staff["coordinator"], self.staff["billing"]
        (row,) = self.live.rows(
            "SELECT i.membership_id, i.id FROM invoices i JOIN memberships m ON m.id = i.membership_id"
            " WHERE m.patient_id = :patient AND i.amount_paid_cents > 0",
            patient=self.patient_id,
        )
        one = f"/staff/memberships/{row[0]}"
        page = sam.get(one)
        sam.send(page.form("/notes"), {"text": self.values["billing note"]}).must("The note is kept")
        page = sam.get(f"{one}/charges/{row[1]}/refund")
        page = sam.send(
            page.form("/refund"),
            {"how": "part", "amount": "10.00", "reason": "goodwill", "note": self.values["refund note"]},
        )
        sam.send(page.form("/refund/give")).must("waits for a second person")
        page = bo.get("/staff/memberships/waiting")
        page = bo.get(next(href for href, _ in page.links if "/waiting/refunds/" in href))
        bo.send(page.form("/decline")).must("Nothing has moved")
        page = bo.get(f"{one}/credit")
        sent = {"kind": "credit", "amount": "5.00", "months": "", "reason": "goodwill"}
        page = bo.send(page.form("/credit"), {**sent, "note": self.values["credit note"]})
        bo.send(page.form("/credit")).must("Done.")
        page = bo.get(f"{one}/end")
        sent = {"when": "period_end", "why": self.values["reason for leaving"]}
        bo.send(page.form("/end"), sent).must("It ends with")
        page = self.first.get("/billing")
        self.first.send(page.form("/cancel/undo"))
        self.live.mover.settle()
        self.first.until("/billing", "Next charge")

    def is_not_well(self) -> None:
        """A check-in that calls somebody; the hold is lifted with a reason."""
        self.live.mover.settle()
        page = self.first.get("/check-ins")
        path = next((href for href, _ in page.links if walks.CHECK_IN.search(href)), None)
        if path is None:
            self.live.mover.move_to(self.live.mover.now() + timedelta(days=1))
            page = self.first.get("/check-ins")
            path = next(href for href, _ in page.links if walks.CHECK_IN.search(href))
        walks.answer_check_in(self.first, path, ANSWERS)
        maya = self.staff["clinician on the team"]
        page = maya.get("/staff/alerts").must(self.values["family name"])
        while any("/acknowledge" in form.action for form in page.forms):
            page = maya.send(page.form("/acknowledge"))
            page = maya.get("/staff/alerts")
        (hold,) = self.live.rows("SELECT id FROM safety_holds WHERE patient_id = :patient", patient=self.patient_id)
        maya.get(f"/staff/holds/{hold[0]}/lift")
        maya.fill({"reason": self.values["lift reason"]}, "reason").must("lifted")

    def adds_second_steps(self) -> None:
        """An app and recovery codes; then she signs in with the app."""
        walker = self.first
        self.proved(walker, self.person, "/settings/second-step/app")
        page = walker.fill({}, "/app/begin")
        secret = self._secret("TOTP secret", page)
        page = walker.fill({"code": pyotp.TOTP(secret).at(wall_now())}, "code")
        page = self.proved(walker, self.person, "/settings/second-step/recovery-codes")
        page = walker.send(page.form("/recovery-codes"))
        code = re.search(r"\b[0-9a-zA-Z]{4,6}(?:-[0-9a-zA-Z]{4,6})+\b", page.text)
        assert code, page.text[:600]
        self.new["recovery code"] = Mark("recovery code", code.group(), also=(code.group().replace("-", ""),))

    def names_a_passkey(self) -> None:
        """A passkey, made by an authenticator in software."""
        walker, at = self.first, "/settings/second-step/passkeys"
        page = self.proved(walker, self.person, f"{at}/new")
        form = page.form("credential")
        sent = urlencode({"csrf_token": str(form.values["csrf_token"])}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        _, _, options = walker._ask("POST", f"{walker.base}{at}/ask", sent, kind)
        made = Authenticator(origin=walker.base).make(json.loads(options))
        walker.send(form, {"name": self.values["passkey name"], "credential": made})
        self.proved(walker, self.person, "/settings/second-step").must(self.values["passkey name"])

    def _secret(self, name: str, page: Page) -> str:
        found = re.search(r"\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b", page.text)
        assert found, page.text[:600]
        secret = found.group().replace(" ", "")
        self.new[name] = Mark(name, secret, also=(found.group(),))
        return secret

    def changes_her_address(self) -> None:
        """Another e-mail address, and a password asked for again."""
        walker, new = self.first, self.values["new e-mail"]
        self.proved(walker, self.person, "/settings/email")
        walker.fill({"email": new}, "email")
        link = walks.path_in(self.live.mailbox.wait_for(new, ""), "^/new-email/")
        self.new["new e-mail link"] = Mark("new e-mail link", _token(link))
        walker.get(link)
        walker.fill({"password": self.person.password}, "password")
        outside = self.browser("first")
        outside.get("/forgot-password")
        outside.fill({"email": new}, "email")
        mail = self.live.mailbox.wait_for(new, "password")
        self.new["reset link"] = Mark("reset link", _token(walks.path_in(mail, "^/reset-password/")))
        outside.get(walks.path_in(mail, "^/reset-password/"))
        outside.get("/sign-in")
        outside.fill({"email": new, "password": self.person.password + "!"}, "password")

    def is_too_late(self) -> None:
        """Her sign-in has run out while she typed: what she sent waits for her."""
        walker = self.first
        walker.get("/settings/about-you")
        assert walker.page is not None
        form = walker.page.form("preferred_name")
        self.live.let_sign_ins_idle(self.patient_id)
        walker.send(form, {"preferred_name": self.values["kept form"], "pronouns": self.values["pronouns"]})
        self.sign_in_again(walker)
        kept = self.live.rows("SELECT id FROM kept_forms")
        assert kept, "nothing was kept"
        walker.get(f"/kept/{kept[-1][0]}").must(self.values["kept form"])

    def sign_in_again(self, walker: Watched) -> Page:
        """With the new address and, where it is asked for, the app."""
        walker.get("/sign-in")
        page = walker.fill({"email": self.values["new e-mail"], "password": self.person.password}, "password")
        return self._app(walker, page, self.new["TOTP secret"].value)

    def _app(self, walker: Watched, page: Page, secret: str) -> Page:
        for _ in range(4):
            if page.path not in ("/second-factor", "/prove-it-is-you"):
                return page
            page = walker.fill({"code": pyotp.TOTP(secret).at(wall_now())}, "code")
            if page.path in ("/second-factor", "/prove-it-is-you"):
                time.sleep(31 - time.time() % 30)
        raise AssertionError(page.text[:500])

    def a_colleague_comes(self) -> None:
        """The owner invites an auditor, who comes."""
        owner, auditor = self.staff["owner"], self.browser("auditor")
        owner.get("/staff/team/invite")
        email, name = self.values["staff e-mail"], self.values["staff name"]
        owner.fill({"name": self.values["invitation name"], "email": email, "role": "auditor"}, "email")
        link = walks.path_in(self.live.mailbox.wait_for(email, ""), "^/invitation/")
        self.new["invitation link"] = Mark("invitation link", _token(link))
        auditor.get(link)
        page = auditor.fill({"name": name, "password": self.values["staff password"]}, "password")
        if not any("/app/begin" in form.action for form in page.forms):
            page = auditor.get("/settings/second-step/app")
        page = auditor.fill({}, "/app/begin")
        secret = self._secret("staff TOTP secret", page)
        auditor.fill({"code": pyotp.TOTP(secret).at(wall_now())}, "code")
        self.staff["auditor"] = auditor

    def the_glass_breaks(self) -> None:
        """Somebody outside the care team looks, and the owner reviews it. First, what that somebody sees without."""
        self.look_around("clinician off the team")
        noah = self.browser("clinician with broken glass")
        noah._cookies = self.staff["clinician off the team"]._cookies
        noah.get(f"/staff/patients/{self.patient_id}/break-glass")
        noah.fill({"why": "covering", "reason": self.values["glass reason"]}, "reason")
        record = walks.open_record(noah, self.person)
        noah.get(next(href for href, _ in record.links if href.endswith("/documents")))
        for visit in self.live.rows("SELECT id FROM appointments WHERE patient_id = :patient", patient=self.patient_id):
            noah.get(f"/staff/visits/{visit[0]}/room")
        owner = self.staff["owner"]
        review = next(href for href, _ in owner.get("/staff/break-glass").links if "/staff/break-glass/" in href)
        owner.get(review)
        owner.fill({"justified": "yes", "words": self.values["glass review"]}, "words")

    @property
    def patient_id(self) -> str:
        """The first patient's id."""
        row = self.live.rows("SELECT patient_id FROM memberships WHERE card_last4 = :last4", last4=CARD[-4:])
        return str(row[0][0])

    def is_held(self) -> None:
        """A legal hold is placed and lifted."""
        owner, path = self.staff["owner"], f"/staff/patients/{self.patient_id}/legal-hold"
        for reason in ("legal hold reason", "legal hold lifted because"):
            owner.get(path)
            owner.fill({"reason": self.values[reason]}, "reason")

    def stripe_writes(self) -> None:
        """A genuine webhook with something in it that nobody asked for."""
        body = json.dumps(
            {
                "id": "evt_zqmarked",
                "object": "event",
                "type": "charge.refunded",
                "created": int(time.time()),
                "data": {"object": {"id": "ch_zq", "object": "charge", "note": self.values["webhook body"]}},
            }
        ).encode()
        signature = webhooks.signed(body, self.live.secrets["webhook_secret"])
        assert webhooks.knock(self.live, body, signature) == 200

    def takes_copies(self) -> None:
        """Both download everything about themselves; the auditor takes the trail along."""
        for walker, person in ((self.first, self.person), (self.second, self.other)):
            self.proved(walker, person, "/settings/your-data")
            walker.fill({}, "/settings/your-data")
            end = time.monotonic() + 60
            while True:
                page = self.proved(walker, person, "/settings/your-data")
                files = [href for href, _ in page.links if re.search(r"/(json|pdf)$", href)]
                if files or time.monotonic() > end:
                    break
                time.sleep(0.5)
            assert len(files) == 2, page.text[:800]
            for href in files:
                walker.get(href)

        auditor = self.staff["auditor"]
        auditor.get("/staff/audit/export")
        auditor.fill({"reason": "regular_review"}, "reason")

    def turned_away(self) -> None:
        """A visitor with everybody's addresses, and pages that are not there."""
        visitor = self.browser("visitor")
        for path in [*self.addresses(), "/no-such-page", "/confirm/nothing", "/staff/queue"]:
            visitor.get(path)

    def look_around(self, who: str) -> None:
        """Everything that `who` can open by links, and by addresses that others know."""
        walker = self.staff[who] if who in self.staff else {"first": self.first, "second": self.second}[who]
        starts = ["/staff", "/staff/queue?status=all"] if who in self.staff else ["/home", "/settings"]
        crawl(walker, starts)
        for path in self.addresses():
            walker.get(path)

    def addresses(self) -> list[str]:
        """Every page that names something of the first patient's, by its id."""
        patient = self.patient_id
        found = {
            "/check-ins/{}": "SELECT id FROM checkins WHERE patient_id = :patient",
            "/check-ins/{}/check": "SELECT id FROM checkins WHERE patient_id = :patient",
            "/staff/enrollments/{}": "SELECT id FROM enrollments WHERE patient_id = :patient",
            "/staff/enrollments/{}/encounter": "SELECT id FROM enrollments WHERE patient_id = :patient",
            "/staff/enrollments/{}/team": "SELECT id FROM enrollments WHERE patient_id = :patient",
            "/staff/holds/{}/lift": "SELECT id FROM safety_holds WHERE patient_id = :patient",
            "/staff/memberships/{}/go-on": "SELECT id FROM memberships WHERE patient_id = :patient",
            "/staff/patients/{}/break-glass": "SELECT id FROM patients WHERE id = :patient",
            "/staff/audit?patient={}": "SELECT id FROM patients WHERE id = :patient",
            "/staff/break-glass/{}": "SELECT id FROM break_glass WHERE patient_id = :patient",
            "/staff/visits/{}/room": "SELECT id FROM appointments WHERE patient_id = :patient",
            "/visits/{}/room": "SELECT id FROM appointments WHERE patient_id = :patient",
            "/visits/{}/check": "SELECT id FROM appointments WHERE patient_id = :patient",
            "/visits/{}/calendar.ics": "SELECT id FROM appointments WHERE patient_id = :patient",
            "/visits/{}/cancel": "SELECT id FROM appointments WHERE patient_id = :patient",
            "/settings/your-data/{}/json": "SELECT id FROM data_exports WHERE patient_id = :patient",
            "/settings/your-data/{}/pdf": "SELECT id FROM data_exports WHERE patient_id = :patient",
            "/kept/{}": "SELECT k.id FROM kept_forms k JOIN patients p USING (user_id) WHERE p.id = :patient",
            "/settings/second-step/passkeys/{}": "SELECT k.id FROM passkeys k JOIN patients p USING (user_id)"
            " WHERE p.id = :patient",
        }
        return [path.format(row[0]) for path, sql in found.items() for row in self.live.rows(sql, patient=patient)]


def _token(path: str) -> str:
    return urlsplit(path).path.rpartition("/")[2]
