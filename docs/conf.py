"""How the documentation is built: Markdown through MyST, and nothing fetched while it is built or read."""

import tomllib
from pathlib import Path

project = "Evenkeel"
author = "The Evenkeel contributors"
copyright = "The Evenkeel contributors, Apache-2.0"
release = version = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))[
    "project"
]["version"]

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

exclude_patterns = ["_build"]
nitpicky = True
html_theme = "furo"
html_title = f"Evenkeel {release}"
html_copy_source = False
html_show_sourcelink = False
