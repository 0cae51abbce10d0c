"""The Flask application, put together. The only file that knows every room."""

from __future__ import annotations

from flask import Flask, request
from flask_babel import Babel
from flask_login import LoginManager, current_user
from werkzeug.middleware.proxy_fix import ProxyFix

from config.settings import Settings, current
from service.accounts import actions as accounts_actions
from service.accounts import queries as accounts_queries
from service.accounts import staff_views as accounts_staff_views
from service.accounts import views as accounts_views
from service.accounts.views.kept import Keeper
from service.audit import actions as audit_actions
from service.billing import staff_views as billing_staff_views
from service.billing import views as billing_views
from service.billing import webhooks as billing_webhooks
from service.billing.gateway import Gateway
from service.catalog.queries import catalog
from service.checkins import views as checkins_views
from service.dashboard import staff_views as dashboard_staff_views
from service.dashboard import views as dashboard_views
from service.enrollment import staff_views as enrollment_staff_views
from service.enrollment import views as enrollment_views
from service.kit import access, db, keeping, limits, process, spoken, templates, web
from service.kit.clock import wall_now
from service.privacy import staff_views as privacy_staff_views
from service.privacy import views as privacy_views
from service.reminders import staff_views as reminders_staff_views
from service.safety import staff_views as safety_staff_views
from service.site import views as site_views
from service.visits import staff_views as visits_staff_views
from service.visits import views as visits_views

LANGUAGES = ("en",)  # a page may say it is in a language only once its words are: add "es" with its catalog
YEAR = 365 * 24 * 3600

BLUEPRINTS = (
    site_views.bp,
    accounts_views.bp,
    accounts_staff_views.bp,
    enrollment_views.bp,
    enrollment_staff_views.bp,
    visits_views.bp,
    visits_staff_views.bp,
    billing_views.bp,
    billing_staff_views.bp,
    billing_webhooks.bp,
    checkins_views.bp,
    reminders_staff_views.bp,
    safety_staff_views.bp,
    dashboard_staff_views.bp,
    dashboard_views.bp,
    privacy_views.bp,
    privacy_staff_views.bp,
)


def create_app(settings: Settings | None = None, *, opened: bool = False) -> Flask:
    """The application for `settings` (default: the environment's).

    `opened` says that the process already has its database, keys, queue and clock, as in tests.
    """
    settings = settings or current()
    if not opened:
        process.open_house(settings)
    app = Flask("homeward", static_folder=settings.static_dir, static_url_path="/static", template_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        HOMEWARD=settings,
        CATALOG=catalog(settings.config_dir),
        LANGUAGES=LANGUAGES,
        GATEWAY=Gateway.from_settings(settings),
        SEND_FILE_MAX_AGE_DEFAULT=YEAR,  # every address of a file carries a mark of its content
        BABEL_DEFAULT_LOCALE="en",
        TESTING=settings.environment == "test",
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    access.public(app.view_functions["static"])
    templates.install(app, settings)
    web.install(app, on_refusal=audit_actions.note_refusal)
    keeping.install(app, Keeper())
    limits.install(app, settings)
    _sign_ins(app)
    Babel(app, locale_selector=_locale, configure_jinja=False)
    spoken.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


class _Doorkeeper(LoginManager):  # type: ignore[misc]
    """Flask-Login's, without the digest of address and browser that it makes for each page to compare with nothing."""

    def _session_protection_failed(self) -> bool:
        return False  # the token in the cookie is the whole proof; addresses change on a train


def _sign_ins(app: Flask) -> None:
    manager = _Doorkeeper(app, add_context_processor=False)
    # A name to ask, instead of a person loaded for every template: error pages must not need the database.
    app.jinja_env.globals["current_user"] = current_user

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> accounts_queries.Principal | None:
        with db.asking() as session:
            person = accounts_queries.principal(session, token, wall_now())
        if person is not None and person.wants_touch and not _asks_quietly(app):
            accounts_actions.touch(sign_in_id=person.sign_in_id, wall_now=wall_now())
        return person


def _asks_quietly(app: Flask) -> bool:
    return access.is_quiet(app.view_functions.get(request.endpoint or ""))


def _locale() -> str:
    person = current_user._get_current_object()
    if person is not None and person.is_authenticated:
        return str(person.locale)
    return request.accept_languages.best_match(LANGUAGES) or "en"
