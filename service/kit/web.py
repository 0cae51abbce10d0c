"""The edge: who may enter, what a browser may load, and how a no becomes a page."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from flask import (
    Flask,
    Response,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import AnonymousUserMixin, current_user
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from itsdangerous import URLSafeTimedSerializer
from jinja2 import Template
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as SQLAlchemyTimeout
from werkzeug.exceptions import Forbidden, HTTPException

from service.kit import access, keeping
from service.kit.actor import Actor
from service.kit.clock import wall_now
from service.kit.errors import Conflict, HomewardError, NotAllowed, NotFound, OutsideCareTeam, Rejected, TryAgain, words
from service.kit.signing import KeptSerializer

log = structlog.get_logger(__name__)
csrf = CSRFProtect()

STATUS_OF_KIND = {NotFound: 404, NotAllowed: 403, Conflict: 409, Rejected: 422}
SIGN_IN = "accounts.sign_in"
SECOND_FACTOR = "accounts.second_factor"
SET_UP = "accounts.start_second_step"
PROVE = "accounts.prove"
BREAK_GLASS = "safety_staff.break_glass"
PROOF_LASTS = timedelta(minutes=10)

OnRefusal = Callable[[Actor, str, str, Mapping[str, UUID]], None]


class _Cookies(SecureCookieSessionInterface):
    """Flask's own session cookies, with the signer made once instead of twice a request."""

    _signer: KeptSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The signer of this application, whose key does not change while it runs."""
        if self._signer is None:
            plain = super().get_signing_serializer(app)
            if plain is None:
                return None
            self._signer = KeptSerializer(
                list(plain.secret_keys),
                salt=plain.salt,
                serializer=self.serializer,
                signer_kwargs=plain.signer_kwargs,
            )
        return self._signer


def _token_maker(app: Flask) -> Callable[[], str]:
    """`csrf_token()` in a page: Flask-WTF's token, made once a page by a signer made once."""
    signer = KeptSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token")

    def csrf_token() -> str:
        token: str | None = g.get("csrf_token")
        if token is None:
            if not isinstance(session.get("csrf_token"), str):
                return str(generate_csrf())  # the first page of a session
            g.csrf_token = token = str(signer.dumps(session["csrf_token"]))
        return token

    return csrf_token


def _as_it_is(view: Callable[..., Any]) -> Callable[..., Any]:
    return view


def reader() -> Any:
    """Who reads this page, themselves rather than a name to ask: for pages behind a door, which know already."""
    return current_user._get_current_object()


def install(app: Flask, *, on_refusal: OnRefusal) -> None:
    """Guard every request, set every header, and turn errors into pages.

    `on_refusal(actor, endpoint, code, ids)` writes down that somebody who is signed in was turned away; `ids` are those
    in the address by their names there ("enrollment_id").
    """
    app.extensions["homeward_on_refusal"] = on_refusal
    app.config.update(
        SESSION_COOKIE_NAME="__Host-homeward",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        MAX_CONTENT_LENGTH=256 * 1024,
        MAX_FORM_MEMORY_SIZE=128 * 1024,
        MAX_FORM_PARTS=200,
        WTF_CSRF_CHECK_DEFAULT=False,  # the guard below checks, because it knows which doors are for machines
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session: a slow reader is not punished
    )
    app.session_interface = _Cookies()
    # No view of ours is a coroutine, which Flask would find out anew some fifteen times a page.
    app.ensure_sync = _as_it_is  # type: ignore[assignment, method-assign]
    csrf.init_app(app)
    token = _token_maker(app)
    app.context_processor(lambda: {"csrf_token": token})
    app.jinja_env.globals.update(csrf_token=token, reader=reader)
    app.before_request(_name_the_request)
    app.before_request(_guard)
    app.after_request(_set_headers)
    app.register_error_handler(HomewardError, _on_expected)
    app.register_error_handler(OutsideCareTeam, _on_outside_care_team)
    app.register_error_handler(TryAgain, _on_try_again)
    for away in (OperationalError, InterfaceError, SQLAlchemyTimeout):
        app.register_error_handler(away, _on_database_away)
    app.register_error_handler(CSRFError, _on_stale_form)
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(Exception, _on_unexpected)


def actor() -> Actor:
    """Who is acting in this request."""
    address = request.remote_addr
    agent = (request.user_agent.string or "")[:300]
    if not current_user.is_authenticated:
        return Actor("visitor", address=address, user_agent=agent)
    person = current_user
    return Actor(
        kind=person.kind,
        user_id=person.user_id,
        role=person.role,
        patient_id=person.patient_id,
        sign_in_id=person.sign_in_id,
        address=address,
        user_agent=agent,
    )


def safe_next(target: str | None) -> str | None:
    """`target` if it is a path of this site, else None. Nobody is sent elsewhere by a link."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    if any(ord(letter) < 33 or letter == "\\" for letter in target):
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else None


def allow_form_redirect_to(origin: str) -> None:
    """Let the form on this page end on `origin`: the payment page's own, and on no other page."""
    g.form_action_origin = origin


def _name_the_request() -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=secrets.token_hex(8), endpoint=request.endpoint)


def _guard() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None  # no such page: the 404 or 405 is on its way
    door = access.door_of(current_app.view_functions[request.endpoint])
    if door is None:
        log.error("a route has no declaration of who may enter", endpoint=request.endpoint)
        raise Forbidden
    if door.kind == "machine":
        return None
    _refuse_nul()
    if door.kind != "public":
        turned_away = _turn_away(door)
        if turned_away is not None:
            return turned_away
    csrf.protect()
    keeping.claim()
    return None


def _refuse_nul() -> None:
    """No keyboard makes a NUL and Postgres keeps none: what carries one is turned away before any field is read."""
    environ = request.environ
    empty = environ.get("CONTENT_LENGTH") in (None, "", "0") and "HTTP_TRANSFER_ENCODING" not in environ
    if empty and not environ.get("QUERY_STRING"):
        return
    sent = [*request.args.items(multi=True), *request.form.items(multi=True)]
    if any("\0" in text for pair in sent for text in pair):
        raise Rejected("nul", words("Something in what was sent cannot be read. Go back and type it again."))


def _turn_away(door: access.Door) -> ResponseReturnValue | None:
    person = reader()
    if not person.is_authenticated:
        kept_id = keeping.keep(door, csrf)
        target = _kept_page(kept_id) or (request.full_path.rstrip("?") if request.method == "GET" else None)
        if _may_be_a_call_for_help():
            back = target or safe_next(request.path)
            page = render_template(
                "errors/401.html", message=None, status=401, urgent=True, next=back, was_kept=kept_id is not None
            )
            return page, 401
        if kept_id is not None:
            flash(gettext(words("You were signed out. We kept what you typed: sign in to go on with it.")), "info")
        return redirect(url_for(SIGN_IN, next=target) if target else url_for(SIGN_IN), code=303)
    if person.second_step_due:
        return _turn_back_halfway()
    wrong_kind = door.kind == "patient" and person.kind != "patient"
    if wrong_kind or (door.kind == "staff" and (person.kind != "staff" or person.role not in door.roles)):
        _note_refusal("door")
        raise Forbidden
    if access.needs_step_up(current_app.view_functions[request.endpoint or ""]) and not recently_proved():
        # A slow reader meets it on a POST: what they typed waits until they have proved it.
        target = request.full_path.rstrip("?") if request.method == "GET" else _kept_page(keeping.keep(door, csrf))
        return redirect(url_for(PROVE, next=target), code=303)
    return None


def _kept_page(kept_id: UUID | None) -> str | None:
    return url_for(keeping.KEPT, kept_id=kept_id) if kept_id is not None else None


def _turn_back_halfway() -> ResponseReturnValue | None:
    """Somebody whose password was right and whose second step is to come. No door but that of setting one up opens."""
    if _may_be_a_call_for_help():
        return render_template("errors/401.html", message=None, status=401, urgent=True, next=None), 401
    if not current_user.must_set_up:
        target = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for(SECOND_FACTOR, next=target), code=303)
    if access.is_setting_up(current_app.view_functions[request.endpoint or ""]):
        return None
    return redirect(url_for(SET_UP), code=303)


def recently_proved() -> bool:
    """Did the person show a second factor, or prove again that it is them, within the last ten minutes?"""
    proved_at = current_user.proved_at
    return proved_at is not None and wall_now() - proved_at < PROOF_LASTS


def _note_refusal(code: str, **known: UUID) -> None:
    on_refusal: OnRefusal = current_app.extensions["homeward_on_refusal"]
    ids = {name: value for name, value in (request.view_args or {}).items() if isinstance(value, UUID)}
    on_refusal(actor(), request.endpoint or "", code, ids | known)


def _note_refusal_of_the_known(code: str) -> None:
    """As above, wherever it is not sure yet that anybody is signed in. Visitors leave no row: a flood would."""
    try:
        known = current_user.is_authenticated
    except SQLAlchemyError:
        return _ask_no_more()
    return _note_refusal(code) if known else None


def _may_be_a_call_for_help() -> bool:
    """An answer that was not saved may have been an urgent one: then help comes first."""
    view = current_app.view_functions.get(request.endpoint or "")
    return request.method == "POST" and access.is_urgent(view)


def _content_security_policy(form_action: str = "'self'") -> str:
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; "
        f"form-action {form_action}"
    )


POLICY = _content_security_policy()
OF_EVERY_ANSWER = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), interest-cohort=()"),
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
)


def _set_headers(response: Response) -> Response:
    headers = response.headers
    origin = g.get("form_action_origin")
    headers.add("Content-Security-Policy", _content_security_policy(f"'self' {origin}") if origin else POLICY)
    headers.extend(OF_EVERY_ANSWER)  # no view sets one of these, so that none has to be looked for first
    # A shared phone's back button must not show somebody's record. Files with a hash in their address may stay.
    headers.setdefault("Cache-Control", "no-store")
    return response


def error_page(status: int, message: str | None = None) -> ResponseReturnValue:
    """The page for `status`, with a sentence of its own where the error has one."""
    page: list[str | Template] = [f"errors/{status}.html", "errors/400.html"]
    urgent = _may_be_a_call_for_help()
    return render_template(page, message=message, status=status, urgent=urgent, frame=_frame(status)), status


def _frame(status: int) -> str:
    """Whoever is signed in keeps their menu and their way out. When we are broken ourselves, nobody is asked for."""
    if status < 500:
        try:
            person = reader()
            if person.is_authenticated and not person.second_step_due:
                return f"layouts/{person.kind}.html"
        except SQLAlchemyError:
            _ask_no_more()
    return "layouts/page.html"


def _on_expected(error: HomewardError) -> ResponseReturnValue:
    status = next((code for kind, code in STATUS_OF_KIND.items() if isinstance(error, kind)), 400)
    log.info("turned down", code=error.code, status=status)
    if isinstance(error, (NotAllowed, NotFound)):  # an id that is somebody else's looks like one that is not there
        _note_refusal_of_the_known(error.code)
    return error_page(status, gettext(error.message))


def _on_outside_care_team(error: OutsideCareTeam) -> ResponseReturnValue:
    log.info("turned down", code=error.code)
    _note_refusal(error.code, patient_id=error.patient_id)
    target: str | None = request.full_path.rstrip("?")
    if request.method != "GET":  # what they typed waits until they have given a reason
        door = access.door_of(current_app.view_functions[request.endpoint or ""])
        target = _kept_page(keeping.keep_on(door, csrf)) if door else None
    return redirect(url_for(BREAK_GLASS, patient_id=error.patient_id, next=target), code=303)


def _on_try_again(error: TryAgain) -> ResponseReturnValue:
    log.warning("a service we need did not answer", error=str(error))
    return error_page(503)


def _on_database_away(error: SQLAlchemyError) -> ResponseReturnValue:
    log.error("the database did not answer", error=type(error).__name__)
    _ask_no_more()
    return error_page(503)


def _ask_no_more() -> None:
    """The page that says so must not ask the broken part who is reading."""
    g._login_user = AnonymousUserMixin()


def _on_stale_form(error: CSRFError) -> ResponseReturnValue:
    log.info("turned down", code="stale_form", reason=error.description)
    _note_refusal_of_the_known("stale_form")
    return error_page(
        400,
        gettext(
            words(
                "This page was open for too long, so we could not be sure it was you. "
                "Nothing was saved or changed. Go back, reload the page and try again."
            )
        ),
    )


def _on_http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error
    if error.code in (413, 429):
        _note_refusal_of_the_known("too_large" if error.code == 413 else "too_often")
    response = make_response(error_page(error.code))
    retry_after = error.get_response().headers.get("Retry-After")
    if retry_after:
        response.headers["Retry-After"] = retry_after
    return response


def _on_unexpected(error: Exception) -> ResponseReturnValue:
    log.error("an unexpected error", exc_info=error, error=type(error).__name__)
    _ask_no_more()
    return error_page(500)
