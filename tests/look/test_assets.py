"""What others wrote is what we pinned, carries its licence, and reaches for nothing outside the house."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from service.kit import assets

LOCKED = json.loads((assets.STATIC / assets.LOCK).read_text("utf-8"))["packages"]


def test_the_committed_files_are_the_locked_ones() -> None:
    assert assets.verify() == []


def test_a_changed_a_missing_and_a_strange_file_are_each_named(tmp_path: Path) -> None:
    static = tmp_path / "static"
    shutil.copytree(assets.STATIC, static)
    htmx = next((static / "vendor").glob("htmx*/htmx.js"))
    htmx.write_text("changed", "utf-8")
    next((static / "vendor").glob("lucide*/sun.svg")).unlink()
    (static / "vendor" / "strange.js").write_text("", "utf-8")
    problems = " ".join(assets.verify(static))
    assert "htmx.js: changed" in problems
    assert "sun.svg: missing" in problems
    assert "strange.js: not in the lock file" in problems


def test_every_package_brings_its_licence() -> None:
    for package in LOCKED:
        assert package["licence"], package["name"]
        assert any(name.endswith("LICENSE.txt") for name in package["files"]), package["name"]


def test_neither_the_typeface_nor_the_crown_nor_the_crest_of_the_british_government_is_shipped() -> None:
    css = next((assets.STATIC / "vendor").glob("govuk-frontend-*/frontend.css")).read_text("utf-8")
    assert "GDS Transport" not in css
    assert "crest" not in css
    assert not list(assets.STATIC.rglob("*crown*"))


def test_no_style_sheet_loads_anything_from_elsewhere_or_from_a_data_address() -> None:
    for sheet in assets.STATIC.rglob("*.css"):
        for address in re.findall(r"url\(([^)]*)\)", sheet.read_text("utf-8")):
            target = address.strip("\"'")
            assert target.startswith("/static/"), (sheet, target)
            assert (assets.STATIC / target.removeprefix("/static/")).is_file()


def test_no_drawing_of_ours_carries_a_script_or_a_style() -> None:
    for drawing in (assets.STATIC / "brand").glob("*.svg"):
        text = drawing.read_text("utf-8")
        assert "<script" not in text
        assert "style=" not in text
        assert "<style" not in text
