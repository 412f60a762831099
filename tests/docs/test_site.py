"""The site is built without a warning, and every link inside it leads somewhere (its scripts are not run here)."""

from __future__ import annotations

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import serendip

pytest.importorskip("sphinx_gallery", reason="the extra `docs` is not installed")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built from a copy of the pages."""
    import shutil

    place = tmp_path_factory.mktemp("site")
    left_out = shutil.ignore_patterns("learn", "misleading", "__pycache__")
    root = Path(__file__).parents[2]
    shutil.copytree(root / "docs", place / "docs", ignore=left_out)
    for name in ("experiments", "benchmarks", "simulator", "examples", "CONTRIBUTING.md", "README.md", "CHANGELOG.md"):
        (place / name).symlink_to(root / name)  # what pages point to beside them
    build = ["-b", "html", "-W", "--keep-going", "-q", "-D", "sphinx_gallery_conf.plot_gallery=0"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *build, str(place / "docs"), str(place / "site")],
        capture_output=True, text=True, check=False, env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return place / "site"


class Links(HTMLParser):
    """The names and the links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names, self.links = set[str](), list[str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name == "id":
                self.names.add(value)
            elif value and name in ("href", "src"):
                self.links.append(value)


def test_every_link_inside_leads_somewhere(site: Path) -> None:
    pages = {page: Links(page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}
    lost, followed = list[str](), 0
    for page, found in pages.items():
        for link in found.links:
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            target = (page.parent / unquote(url.path)).resolve() if url.path else page
            known = target.exists() and (
                not url.fragment or target not in pages or unquote(url.fragment) in pages[target].names
            )
            lost += [] if known else [f"{page.relative_to(site)}: {link}"]
            followed += 1
    assert not lost
    assert followed > 1000


def test_every_page_is_reached_from_the_first(site: Path) -> None:
    assert {page.stem for page in (Path(__file__).parents[2] / "docs").glob("*.md")} <= {
        page.stem for page in site.glob("*.html")
    }
    assert len(list((site / "learn").glob("t*.html"))) == 9


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    text = (site / "reference.html").read_text(encoding="utf-8")
    for name in serendip.__all__:
        assert name.startswith("_") or f"serendip.{name}" in text, name
