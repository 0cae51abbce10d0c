"""The suite is itself put to the test: with a mistake planted in the stand-in, one of its tests has to fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import stripe

from tests.sandbox.stripe.defects import DEFECTS, Defect
from tests.sandbox.stripe.in_process import inside
from tests.sandbox.stripe.money_defects import MONEY_DEFECTS
from tests.sandbox.stripe.world_defects import WORLD_DEFECTS

ALL = (*DEFECTS, *MONEY_DEFECTS, *WORLD_DEFECTS)

#: How a test says no. A crash, of the stand-in or of the planted code, says nothing: it is an error here.
SAYS_NO = (AssertionError, pytest.fail.Exception, stripe.SignatureVerificationError)


@pytest.mark.parametrize("defect", ALL, ids=lambda defect: defect.name)
def test_a_mistake_planted_in_the_stand_in_is_noticed(
    defect: Defect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with inside(tmp_path / "sound") as standin:
        defect.check(standin)

    calls = defect.plant(monkeypatch)
    with inside(tmp_path / "mistaken") as standin, pytest.raises(SAYS_NO) as noticed:
        defect.check(standin)
    assert calls, f"nothing calls {defect.target} any more, so nothing was planted"
    assert "Traceback" not in capsys.readouterr().err
    suite = Path(defect.check.__code__.co_filename)
    statement = [str(entry.statement) for entry in noticed.traceback if entry.path == suite][-1]
    assert defect.notices in statement, "noticed, but for another reason"


def test_a_defect_whose_place_is_gone_is_not_planted_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AttributeError):
        replace(DEFECTS[0], target="checkout.pay_under_another_name").plant(monkeypatch)


def test_at_least_ten_different_mistakes_are_planted() -> None:
    assert len({defect.wrong for defect in ALL}) == len(ALL) >= 10
