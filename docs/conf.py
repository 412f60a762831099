"""How Sphinx builds the site: pages in MyST Markdown, tutorials and known failures as scripts that it runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from docutils.nodes import SkipNode, math_block
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx_gallery.scrapers import figure_rst

HERE = Path(__file__).parent
os.environ["OMP_NUM_THREADS"] = "1"  # what the scripts compute does not hang on how many cores there are

project = "Serendip"
author = "the authors of Serendip"
html_title = "Serendip"
language = "en"

extensions = ["myst_parser", "sphinx_gallery.gen_gallery"]
exclude_patterns = ["_build", "tutorials", "failures", "**/sg_execution_times.rst", "sg_execution_times.rst"]
myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath", "deflist"]
suppress_warnings = ["config.cache", "toc.not_included"]  # the gallery's settings hold functions; pages may be young
nitpicky = True

html_math_renderer = "mathml"  # as text of the page: no script, no network
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_show_sourcelink = False
html_copy_source = False


class Figures:
    """Takes the figure that a block of a script has made, of pyplot or not: what it calls `figure`."""

    def __init__(self) -> None:
        self._last: Any = None

    def __call__(self, block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
        """Write the figure, if it is a new one, and return the lines that show it."""
        figure = block_vars["example_globals"].get("figure")
        if figure is None or figure is self._last:
            return ""
        self._last = figure
        path = next(block_vars["image_path_iterator"])
        figure.savefig(path, dpi=130, facecolor="white")
        return figure_rst([path], gallery_conf["src_dir"], _titles(figure))


def _titles(figure: Any) -> str:
    """Return what is seen, for those who cannot see it: the titles and the names of the axes."""
    words = [
        figure.get_suptitle(),
        *(f"{ax.get_title(loc='left')} {ax.get_xlabel()} {ax.get_ylabel()}" for ax in figure.axes),
    ]
    return ". ".join(" ".join(text.split()) for text in words if text.strip()).replace('"', "")


FIGURES = Figures()


def tidy(gallery_conf: dict[str, Any], name: str) -> None:
    """Give every script the look of the project's own figures."""
    import matplotlib

    matplotlib.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "figure.dpi": 110})


sphinx_gallery_conf = {
    "examples_dirs": [str(HERE / "tutorials"), str(HERE / "failures")],
    "gallery_dirs": ["learn", "misleading"],
    "filename_pattern": r"/[tf]\d_",
    "within_subsection_order": "FileNameSortKey",
    "reset_modules": ("matplotlib", tidy),
    "image_scrapers": (FIGURES,),
    "capture_repr": (),
    "default_thumb_file": str(HERE / "gauntlet.png"),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1e9,
    "remove_config_comments": True,
}


def valid(app: Any, failure: Exception | None) -> None:
    """Mend two things that are no valid HTML: a switch without its state, an attribute of no standard."""
    if failure is not None or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        mended = text.replace(' role="switch" type="checkbox"', ' type="checkbox"').replace(" tooltip=", " title=")
        if mended != text:
            page.write_text(mended, encoding="utf-8")


def formula(translator: Any, node: Any) -> None:
    """Write a formula as MathML, which browsers draw by themselves."""
    block = isinstance(node, math_block)
    text = tex2mathml(node.astext(), as_block=block)
    translator.body.append(f'<div class="formula">{text}</div>' if block else text)
    raise SkipNode


def setup(app: Any) -> None:
    """Tell Sphinx of it."""
    app.connect("build-finished", valid)
    app.add_html_math_renderer("mathml", (formula, None), (formula, None))
