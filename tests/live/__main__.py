"""`python -m tests.live [scenario ...]`: the table of differences."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.live.comparing import differences, recorded, table
from tests.live.running import WITHOUT, key, moment, ours, real, standing_in
from tests.live.scenarios import ALL, BY_NAME


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")


def main() -> int:
    """0 when the two agree, 1 when not, 2 when there is nothing to compare."""
    unknown = [name for name in sys.argv[1:] if name not in BY_NAME]
    if unknown:
        _say(f"There is no {', '.join(unknown)}. Scenarios: {', '.join(BY_NAME)}.")
        return 2
    if not key():
        _say(WITHOUT)
        return 2
    chosen, frozen = [BY_NAME[name] for name in sys.argv[1:]] or ALL, moment()
    with tempfile.TemporaryDirectory() as folder, standing_in(Path(folder)) as standin:
        found = differences(recorded(real(frozen), chosen), recorded(ours(standin, frozen), chosen))
    _say(table(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
