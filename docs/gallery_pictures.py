"""Collects the figures of a script for sphinx-gallery: they are objects of their own, unknown to pyplot."""

from typing import Any
from weakref import WeakSet

from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst

from evenkeel.pharmacology.plot_style import styled

_collected: "WeakSet[Figure]" = WeakSet()


def _collect(block: tuple[Any, ...], variables: dict[str, Any], settings: dict[str, Any]) -> str:
    """Save each figure that a block of code has made and named, as a picture of the page."""
    saved = []
    for figure in variables["example_globals"].values():
        if isinstance(figure, Figure) and figure not in _collected:
            _collected.add(figure)
            path = next(variables["image_path_iterator"])
            with styled():
                figure.savefig(path, dpi=200)
            saved.append(path)
    return str(figure_rst(saved, settings["src_dir"])) if saved else ""


def _get_sg_image_scraper() -> Any:
    return _collect
