"""What the browser loads that others wrote: copied into the house, pinned, hashed and licensed.

`python -m service.kit.assets verify` compares what is committed with the lock file. `python -m service.kit.assets
fetch` copies everything anew; it needs the npm client and uses that client's own configuration.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "static"
LOCK = "vendor.lock.json"

ICONS = [
    "arrow-right",
    "bell",
    "calendar",
    "calendar-check",
    "check",
    "chevron-down",
    "chevron-left",
    "chevron-right",
    "circle-alert",
    "circle-check",
    "circle-help",
    "clipboard-check",
    "clock",
    "credit-card",
    "download",
    "file-text",
    "heart-handshake",
    "history",
    "house",
    "info",
    "life-buoy",
    "list-checks",
    "lock",
    "log-out",
    "mail",
    "map-pin",
    "menu",
    "message-circle",
    "message-square",
    "package",
    "phone",
    "pill",
    "printer",
    "search",
    "settings",
    "shield-check",
    "stethoscope",
    "sun",
    "triangle-alert",
    "user",
    "users",
    "video",
    "x",
]


def plain(text: str) -> str:
    """The file as its authors made it."""
    return text


def without_branding(css: str) -> str:
    """GOV.UK Frontend's style sheet without the licensed typeface and the crest, in the lowest cascade layer.

    Any rule of ours then wins whatever its specificity, so nothing of theirs has to be edited by hand.
    """
    css = css.removeprefix('@charset "UTF-8";')
    css = re.sub(r"@font-face\{[^}]*\}", "", css)
    css = re.sub(r"@supports [^{]*\{\.govuk-footer__copyright-logo:before\{[^}]*\}\}", "", css)
    css = re.sub(r"\.govuk-footer__copyright-logo:before\{[^}]*\}", "", css)
    css = css.replace("GDS Transport,arial,sans-serif", "var(--font)")
    css = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", css)
    if "url(" in css or "GDS Transport" in css:
        raise ValueError("the style sheet still names a font or a picture")
    return f"@layer vendor, theme, app;\n@layer vendor{{{css}}}\n"


def without_map(script: str) -> str:
    """The script without the pointer to a source map we do not ship."""
    return re.sub(r"//# sourceMappingURL=.*", "", script).rstrip() + "\n"


@dataclass(frozen=True)
class Package:
    """One npm package: which of its files we keep, under which name, changed how."""

    name: str
    version: str
    licence: str
    files: dict[str, tuple[str, Callable[[str], str] | None]]
    own_words: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """The version is part of the path, so these files may be cached for ever."""
        return f"vendor/{self.name.split('/')[-1]}-{self.version}"


MIT = """The MIT License (MIT)

Copyright (C) 2017 Crown Copyright (Government Digital Service)

Permission is hereby granted, free of charge, to any person obtaining a copy of
this software and associated documentation files (the "Software"), to deal in
the Software without restriction, including without limitation the rights to
use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies
of the Software, and to permit persons to whom the Software is furnished to do
so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""

PACKAGES = (
    Package(
        "govuk-frontend",
        "6.3.0",
        "MIT",
        {
            "dist/govuk/govuk-frontend.min.css": ("frontend.css", without_branding),
            "dist/govuk/govuk-frontend.min.js": ("frontend.js", without_map),
        },
        # The npm package carries no licence file; this is the one of its repository.
        {"LICENSE.txt": MIT},
    ),
    Package(
        "@fontsource-variable/public-sans",
        "5.3.0",
        "OFL-1.1",
        {
            "files/public-sans-latin-wght-normal.woff2": ("latin.woff2", None),
            "LICENSE": ("LICENSE.txt", plain),
        },
    ),
    Package(
        "htmx.org",
        "2.0.11",
        "0BSD",
        {"dist/htmx.min.js": ("htmx.js", plain), "LICENSE": ("LICENSE.txt", plain)},
    ),
    Package(
        "lucide-static",
        "1.62.0",
        "ISC",
        {"LICENSE": ("LICENSE.txt", plain), **{f"icons/{name}.svg": (f"{name}.svg", plain) for name in ICONS}},
    ),
)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def verify(static: Path = STATIC) -> list[str]:
    """Reasons why the committed files are not what the lock file says; empty when all is well."""
    locked = json.loads((static / LOCK).read_text("utf-8"))
    expected = {name: sha for package in locked["packages"] for name, sha in package["files"].items()}
    found = {
        path.relative_to(static).as_posix(): digest(path) for path in (static / "vendor").rglob("*") if path.is_file()
    }
    problems = [f"{name}: missing" for name in sorted(expected.keys() - found.keys())]
    problems += [f"{name}: not in the lock file" for name in sorted(found.keys() - expected.keys())]
    problems += [f"{name}: changed" for name in sorted(expected.keys() & found.keys()) if expected[name] != found[name]]
    return problems


def _contents(package: Package, work: Path) -> Iterator[tuple[str, bytes]]:
    packed = subprocess.run(  # noqa: S603 (fixed words, no shell)
        ["npm", "pack", "--silent", f"{package.name}@{package.version}"],  # noqa: S607
        cwd=work,
        check=True,
        capture_output=True,
        text=True,
    )
    with tarfile.open(work / packed.stdout.strip().splitlines()[-1]) as archive:
        for source, (target, change) in package.files.items():
            member = archive.extractfile(f"package/{source}")
            if member is None:
                raise FileNotFoundError(f"{package.name} has no {source}")
            raw = member.read()
            yield target, change(raw.decode()).encode() if change else raw
    for target, text in package.own_words.items():
        yield target, text.encode()


def fetch(static: Path = STATIC) -> None:
    """Copy every package anew and write the lock file. Old versions are removed."""
    entries = []
    with tempfile.TemporaryDirectory() as work:
        for package in PACKAGES:
            files = {}
            for target, data in _contents(package, Path(work)):
                path = static / package.folder / target
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                files[f"{package.folder}/{target}"] = digest(path)
            entries.append(
                {
                    "name": package.name,
                    "version": package.version,
                    "licence": package.licence,
                    "files": dict(sorted(files.items())),
                }
            )
    (static / LOCK).write_text(json.dumps({"packages": entries}, indent=1) + "\n", "utf-8")
    kept = {name for entry in entries for name in entry["files"]}
    for path in list((static / "vendor").rglob("*")):
        if path.is_file() and path.relative_to(static).as_posix() not in kept:
            path.unlink()


def main(words: list[str]) -> int:
    """Run `verify` or `fetch`. Returns the exit status."""
    if words == ["fetch"]:
        fetch()
    elif words != ["verify"]:
        print("usage: python -m service.kit.assets verify | fetch")  # noqa: T201
        return 2
    problems = verify()
    print("\n".join(problems) or "Vendored files are as locked.")  # noqa: T201
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
