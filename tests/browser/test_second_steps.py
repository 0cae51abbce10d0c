"""Second steps in a real browser: a passkey that the browser makes, an app, recovery codes, and no JavaScript."""

from __future__ import annotations

import pyotp

from service.kit.clock import wall_now
from service.sandbox.people import PATIENTS
from tests.browser.browsing import DESK, PHONE, SMALLEST, Browsing
from tests.browser.conftest import Open
from tests.browser.patient import Patient


def with_an_authenticator(window: Browsing) -> None:
    """Chromium's own authenticator, that unlocks by itself."""
    tools = window.context.new_cdp_session(window.page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_out(window: Browsing) -> None:
    window.page.locator("header form[action='/sign-out'] button").click()
    window.page.wait_for_url("**/signed-out")


def test_a_passkey_is_made_and_signs_in_without_a_password(open_window: Open) -> None:
    window = open_window("dev-passkey")
    with_an_authenticator(window)
    Patient(window, PATIENTS["dev"]).sign_in()
    window.go("/settings/second-step")
    window.see("Second step", "Passkeys", "Authenticator app", name="second-step", widths=(SMALLEST, PHONE, DESK))
    window.go("/settings/second-step/passkeys/new")
    if window.path == "/prove-it-is-you":
        raise AssertionError("a mailed code just now is a fresh proof")
    window.see("Add a passkey", name="new-passkey", widths=(SMALLEST, PHONE, DESK))
    window.fill(name="My phone")
    window.press("Make a passkey")
    window.see("Recovery codes", "Your passkey is added", name="recovery-codes", widths=(SMALLEST, PHONE, DESK))
    window.press("Make ten codes")
    window.see("not shown again", name="recovery-codes-shown", widths=(SMALLEST, PHONE, DESK))
    assert window.page.locator("main ol code").count() == 10
    window.go("/settings/second-step")
    window.see("My phone", "You have 10 codes left", name="second-step-with-passkey", widths=(SMALLEST, PHONE, DESK))
    window.follow("My phone")
    window.see("Remove this passkey", name="passkey")
    sign_out(window)
    window.go("/sign-in")
    window.see("Sign in with a passkey", name="sign-in-with-passkey", widths=(SMALLEST, PHONE, DESK))
    window.press("Sign in with a passkey")
    window.see("Dev", name="home-by-passkey")
    assert window.path == "/home"
    sign_out(window)
    window.context.clear_cookies(name="__Host-homeward-device")
    window.go("/sign-in")
    window.fill(email=PATIENTS["dev"].email, password=PATIENTS["dev"].password)
    window.press("Sign in")
    window.see("One more step", "Use a passkey", name="second-factor-passkey", widths=(SMALLEST, PHONE, DESK))
    window.press("Use a passkey")
    window.see("Dev")


def test_a_passkey_that_is_not_there_is_said_and_the_other_ways_stay(open_window: Open) -> None:
    window = open_window("no-passkey")
    with_an_authenticator(window)
    window.go("/sign-in")
    window.page.get_by_role("button", name="Sign in with a passkey").click()
    window.page.get_by_text("No passkey was used").wait_for()
    assert window.path == "/sign-in"


def test_an_app_is_set_up_by_its_key(open_window: Open) -> None:
    window = open_window("ben-app")
    Patient(window, PATIENTS["ben"]).sign_in()
    window.go("/settings/second-step/app")
    window.see("Set up an authenticator app", name="app")
    window.press("Show the picture")
    window.see("Scan this picture", name="app-picture", widths=(SMALLEST, PHONE, DESK))
    loaded = "image => image.complete && image.naturalWidth > 0"
    assert window.page.locator("main img").evaluate(loaded)
    secret = (window.page.locator("main details code").text_content() or "").replace(" ", "")
    window.fill(code=pyotp.TOTP(secret).at(wall_now()))
    window.press("Finish")
    window.see("Your authenticator app is set up", "Recovery codes")
    window.go("/settings/second-step")
    window.see("In use", name="second-step-with-app", widths=(SMALLEST, PHONE, DESK))
    window.go("/settings/second-step/app/remove")
    window.see("Keep the app", name="app-remove")


def test_without_javascript_the_pages_say_what_passkeys_need_and_name_other_ways(open_window: Open) -> None:
    window = open_window("no-scripts-passkey", scripts=False)
    window.go("/sign-in")
    window.see("Passkeys need JavaScript", name="sign-in-no-scripts")
    assert not window.page.get_by_role("button", name="Sign in with a passkey").is_visible()
    Patient(window, PATIENTS["carla"]).sign_in()
    window.go("/settings/second-step/passkeys/new")
    window.see("Passkeys need JavaScript", "authenticator app instead", name="new-passkey-no-scripts")
