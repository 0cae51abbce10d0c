"""A browser without JavaScript."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from service.accounts.models import SignIn
from service.accounts.writes.sign_ins import remember_device
from service.kit import db
from service.kit.clock import wall_now
from service.kit.ids import new_id, new_token, token_hash


class Browser(FlaskClient):
    """Flask's client over https, with the CSRF token that the page's form would carry."""

    def submit(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Post a form to `path` as the page would."""
        options.setdefault("headers", {"Referer": "https://localhost/"})  # a browser's same-origin form sends it
        return self.post(path, data={"csrf_token": self.csrf_token(), **(data or {})}, **options)

    def csrf_token(self) -> str:
        """The token of this browser's session."""
        with self.session_transaction(base_url="https://localhost") as session:
            raw = session.setdefault("csrf_token", secrets.token_hex(20))
        key = self.application.config["SECRET_KEY"]
        return URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(raw)

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Everything over https: the cookie is Secure."""
        kwargs.setdefault("base_url", "https://localhost")
        return super().open(*args, **kwargs)

    def sign_in(self, user_id: UUID, *, second_factor: bool = True) -> UUID:
        """Be signed in as `user_id`. Returns the sign-in's id."""
        token, sign_in_id, now = new_token(), new_id(), wall_now()
        with db.transaction() as session:
            session.add(
                SignIn(
                    id=sign_in_id,
                    token_hash=token_hash(token),
                    user_id=user_id,
                    created_at=now,
                    seen_at=now,
                    expires_at=now + timedelta(hours=12),
                    second_factor_at=now if second_factor else None,
                )
            )
        with self.session_transaction(base_url="https://localhost") as session:
            session["_user_id"] = token
            session["_fresh"] = True
        return sign_in_id

    def become_known(self, user_id: UUID) -> None:
        """Be a browser in which `user_id` came in before: it spares a patient the second step."""
        with db.transaction() as session:
            _, cookie, _ = remember_device(session, user_id, None, wall_now(), spares_step=True)
        self.set_cookie("__Host-homeward-device", cookie, domain="localhost", secure=True)
