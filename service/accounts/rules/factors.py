"""Second steps: codes from an app, recovery codes, mailed codes, and browsers that are known. Pure.

Lengths and times: ASVS 5.0, 6.5 (shared/domain.md 9.4).
"""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from datetime import timedelta

import pyotp

from service.accounts.rules.sign_in import TOTP_PERIOD

RECOVERY_CODES = 10
RECOVERY_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # no i, l, o, u: nothing that looks like something else
RECOVERY_LENGTH = 10  # 50 bits
MAILED_DIGITS = 8
MAILED_LIFE = timedelta(minutes=10)
MAILED_EVERY = timedelta(seconds=60)
MAILED_FREELY = 5  # a minute apart; then the wait grows
MAILED_LONGEST_WAIT = timedelta(minutes=30)
MAILED_COUNTED = timedelta(days=1)
PENDING_LIFE = timedelta(minutes=15)  # of an app's secret that was shown and has no first code yet
SET_UP_LIFE = timedelta(hours=72)  # of the code that an owner hands over, and of an invitation's permission
DEVICE_LIFE = timedelta(days=400)  # as long as browsers keep a cookie
DEVICES_IN_A_COOKIE = 5  # one for each person who shares a browser
PASSKEYS_AT_MOST = 20
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_LOOK_ALIKES = str.maketrans({"o": "0", "i": "1", "l": "1"})


def digits_of(text: str) -> str:
    """The digits in `text`, whatever script they were typed in and whatever stands between them."""
    return "".join(str(unicodedata.decimal(letter)) for letter in text if letter.isdecimal())


def totp_step(secret: str, code: str, last_step: int | None, at: float) -> int | None:
    """The time step that `code` belongs to, at `at` (seconds since 1970); None when it is wrong or was used.

    One period early or late is right too; a step counts only when it is newer than `last_step`.
    """
    totp, digits = pyotp.TOTP(secret, interval=TOTP_PERIOD), digits_of(code)
    current = int(at) // TOTP_PERIOD
    for step in (current, current - 1, current + 1):
        if (last_step is None or step > last_step) and hmac.compare_digest(totp.at(step * TOTP_PERIOD), digits):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Ten fresh codes, as they are shown: `4f9kt-0wz2m`."""
    half = RECOVERY_LENGTH // 2
    made = ["".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    return [f"{code[:half]}-{code[half:]}" for code in made]


def plain_recovery_code(text: str) -> str:
    """A code as it is compared: lower case, without what stands between, look-alikes as they were meant."""
    kept = "".join(letter for letter in unicodedata.normalize("NFKC", text).lower() if letter.isalnum())
    return kept.translate(_LOOK_ALIKES)


def new_mailed_code() -> str:
    """Eight random digits."""
    return f"{secrets.randbelow(10**MAILED_DIGITS):0{MAILED_DIGITS}d}"


def mailed_wait(sent: int) -> timedelta:
    """How long after the `sent`-th code of a day the next may leave: a minute for the first five, then 2, 4, ... 30.

    Waiting, never a stop: whoever has only the password must not be able to use up the codes of its owner.
    """
    doublings = min(max(sent - MAILED_FREELY, 0), 10)
    return min(MAILED_LONGEST_WAIT, MAILED_EVERY * (1 << doublings))


def new_set_up_code() -> str:
    """A code to hand over in person, of the same shape as a recovery code: `4f9kt-0wz2m`."""
    return new_recovery_codes()[0]


def device_tokens(cookie: str | None) -> list[str]:
    """The tokens in a browser's cookie, the newest last; whatever is no token of ours is left out."""
    found = [token for token in (cookie or "").split(".") if _TOKEN.fullmatch(token)]
    return found[-DEVICES_IN_A_COOKIE:]


def with_device_token(cookie: str | None, token: str) -> str:
    """The cookie with one more person's token, and without the oldest when there are too many."""
    kept = [known for known in device_tokens(cookie) if known != token]
    return ".".join([*kept, token][-DEVICES_IN_A_COOKIE:])
