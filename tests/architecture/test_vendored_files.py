"""The front-end files of others in the package are the ones their manifest names."""

import hashlib
import json
import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
VENDOR: Final = ROOT / "evenkeel" / "web" / "static" / "vendor"
MANIFEST: Final[dict[str, dict[str, str]]] = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
NPM_VERSIONS: Final[dict[str, str]] = json.loads((ROOT / "package.json").read_text("utf-8"))[
    "devDependencies"
]


def test_every_file_is_in_the_manifest_and_every_line_has_its_file() -> None:
    present = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert present - {"manifest.json"} == set(MANIFEST)


@pytest.mark.parametrize("name", sorted(MANIFEST))
def test_a_file_is_as_the_manifest_says(name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == MANIFEST[name]["sha256"]
    assert MANIFEST[name]["version"] == NPM_VERSIONS[MANIFEST[name]["package"]]


def test_no_style_sheet_loads_anything_from_elsewhere_or_names_the_nhs_typeface() -> None:
    for sheet in VENDOR.rglob("*.css"):
        text = sheet.read_text("utf-8")
        assert re.findall(r"url\(\s*['\"]?(?:https?:)?//[^)]*\)|@import", text) == [], sheet.name
        assert "Frutiger" not in text, sheet.name
        for address in re.findall(r"url\(([^)]+)\)", text):
            assert address.startswith("data:") or (sheet.parent / address).is_file(), (sheet.name, address)


def test_the_form_kit_pairs_with_its_templates() -> None:
    # nhsuk-frontend-jinja 0.10.2 is made from nhsuk-frontend 10.6.1, and no program can read that anywhere.
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    assert '"nhsuk-frontend-jinja==0.10.2"' in pyproject
    assert NPM_VERSIONS["nhsuk-frontend"] == "10.6.1"
