"""Copy the front-end files that the pages use from node_modules into the Python package.

    python tools/vendor_static.py           copies, and writes the manifest beside the files
    python tools/vendor_static.py --check   says what differs from node_modules, and writes nothing

The copies are committed, so that nobody needs npm to run the clinic. The manifest names for every file its
package, version, license, what was changed in it and its SHA-256; a test compares the files with it.
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
MODULES: Final = ROOT / "node_modules"
VENDOR: Final = ROOT / "evenkeel" / "web" / "static" / "vendor"
MANIFEST: Final = "manifest.json"


def without_source_map(text: str) -> str:
    """Drop the pointer to a source map that is not shipped; collecting static files would look for it."""
    return re.sub(r"\s*(/\*# sourceMappingURL=\S+ \*/|//# sourceMappingURL=\S+)\s*$", "\n", text)


def without_nhs_brand(text: str) -> str:
    """Drop the NHS typeface, which is licensed to the NHS alone and would be fetched from its host."""
    text = re.sub(r"@font-face\{font-family:Frutiger W01;[^}]*\}", "", text)
    return text.replace("Frutiger W01,", "")


def with_relative_images(text: str) -> str:
    """Point the four table and close icons at the copies beside the style sheet."""
    return text.replace("url(/assets/images/", "url(images/")


CHANGES: Final[dict[Callable[[str], str], str]] = {
    without_source_map: "source map pointer dropped",
    without_nhs_brand: "NHS typeface dropped",
    with_relative_images: "icon addresses made relative",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendored:
    """One file: where it lies in its npm package, where it goes under the vendor folder, what is changed."""

    package: str
    source: str
    target: str
    changes: tuple[Callable[[str], str], ...] = ()

    def content(self) -> bytes:
        """Bytes to ship. Raises FileNotFoundError when the package is not installed."""
        raw = (MODULES / self.package / self.source).read_bytes()
        if not self.changes:
            return raw
        text = raw.decode("utf-8")
        for change in self.changes:
            changed = change(text)
            if changed == text:
                raise SystemExit(f"{self.package}/{self.source}: nothing to change for {CHANGES[change]!r}.")
            text = changed
        return text.encode("utf-8")


_NHSUK_DIST: Final = "dist/nhsuk"
FILES: Final = (
    Vendored(
        package="nhsuk-frontend",
        source=f"{_NHSUK_DIST}/nhsuk-frontend.min.css",
        target="nhsuk-frontend/nhsuk-frontend.min.css",
        changes=(without_source_map, without_nhs_brand, with_relative_images),
    ),
    Vendored(
        package="nhsuk-frontend",
        source=f"{_NHSUK_DIST}/nhsuk-frontend.min.js",
        target="nhsuk-frontend/nhsuk-frontend.min.js",
        changes=(without_source_map,),
    ),
    *(
        Vendored(
            package="nhsuk-frontend",
            source=f"{_NHSUK_DIST}/assets/images/nhsuk-icon-{name}.svg",
            target=f"nhsuk-frontend/images/nhsuk-icon-{name}.svg",
        )
        for name in ("arrow-down", "arrow-up", "arrow-up-down", "cross")
    ),
    Vendored(package="uplot", source="dist/uPlot.iife.min.js", target="uplot/uPlot.iife.min.js"),
    Vendored(package="uplot", source="dist/uPlot.min.css", target="uplot/uPlot.min.css"),
    Vendored(package="uplot", source="LICENSE", target="uplot/LICENSE"),
    # Shipped for the printed sheets: a name in Greek or Cyrillic must not stop one from being made.
    *(
        Vendored(
            package="@expo-google-fonts/noto-sans", source=source, target=f"noto-sans/{Path(source).name}"
        )
        for source in ("400Regular/NotoSans_400Regular.ttf", "700Bold/NotoSans_700Bold.ttf", "LICENSE_FONT")
    ),
)


def _described(vendored: Vendored, content: bytes) -> dict[str, str | list[str]]:
    package = json.loads((MODULES / vendored.package / "package.json").read_text("utf-8"))
    return {
        "package": vendored.package,
        "version": package["version"],
        "license": package["license"],
        "source": vendored.source,
        "changes": [CHANGES[change] for change in vendored.changes],
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def wanted_files() -> dict[str, bytes]:
    """Everything that belongs in the vendor folder, by path within it, the manifest included."""
    files = {vendored.target: vendored.content() for vendored in FILES}
    manifest = {vendored.target: _described(vendored, files[vendored.target]) for vendored in FILES}
    text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False)
    return {**files, MANIFEST: f"{text}\n".encode()}


def present_files() -> dict[str, bytes]:
    """Everything that lies in the vendor folder now, by path within it."""
    return {
        path.relative_to(VENDOR).as_posix(): path.read_bytes() for path in VENDOR.rglob("*") if path.is_file()
    }


def main() -> int:
    """Copy or compare; the exit status is 1 when a comparison finds a difference."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="compare only, and write nothing")
    check = parser.parse_args().check
    try:
        wanted = wanted_files()
    except FileNotFoundError as missing:
        sys.exit(f"{missing.filename} is missing. Run `make setup-test` first.")
    present = present_files()
    different = sorted(
        name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name)
    )
    if check:
        for name in different:
            print(f"evenkeel/web/static/vendor/{name} differs from what package-lock.json names.")
        if different:
            print("Run `make vendor`.")
        return 1 if different else 0
    for name in different:
        target = VENDOR / name
        if name in wanted:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(wanted[name])
            print(f"wrote {name}")
        else:
            target.unlink()
            print(f"removed {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
