"""Collects the figures of a tutorial for sphinx-gallery: they are objects of their own, unknown to pyplot."""

import re
from typing import Any

from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst

from evenkeel.pharmacology.plot_style import styled


def _collect(block: tuple[Any, ...], variables: dict[str, Any], settings: dict[str, Any]) -> str:
    """Save each figure that a block of code has assigned to a name, in that order, as picture of the page."""
    assigned = re.findall(r"^(\w+) = ", block[1], flags=re.MULTILINE)
    saved = []
    for name in dict.fromkeys(assigned):
        figure = variables["example_globals"].get(name)
        if isinstance(figure, Figure):
            path = next(variables["image_path_iterator"])
            with styled():
                figure.savefig(path, dpi=200)
            saved.append(path)
    return str(figure_rst(saved, settings["src_dir"])) if saved else ""


def _get_sg_image_scraper() -> Any:
    return _collect
