"""How the documentation is built: Markdown through MyST, scripts by running them, and nothing is fetched."""

import sys
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Evenkeel"
author = "The Evenkeel contributors"
copyright = "The Evenkeel contributors, Apache-2.0"
release = version = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))[
    "project"
]["version"]

extensions = ["myst_parser", "sphinx_gallery.gen_gallery"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

# Scripts become pages under gallery/, with what they print and draw. A script that fails, fails the build.
sphinx_gallery_conf = {
    "examples_dirs": ["tutorials", "plots"],
    "gallery_dirs": ["gallery/tutorials", "gallery/plots"],
    "filename_pattern": r"\.py",
    "within_subsection_order": "ExampleTitleSortKey",
    "image_scrapers": ("gallery_pictures",),
    "reset_modules": (),
    "run_stale_examples": True,  # the library may have changed where the script did not
    "plot_gallery": "True",
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "download_all_examples": False,
    "remove_config_comments": True,
}

exclude_patterns = ["_build", "tutorials", "plots", "**/sg_execution_times.rst", "**/GALLERY_HEADER.rst"]
nitpicky = True
html_theme = "furo"
html_title = f"Evenkeel {release}"
html_copy_source = False
html_show_sourcelink = False
