"""The page in a real browser: no error, nothing beside the window, tables that sort by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import browsers
import pytest

from serendip.experiments.report.study import report_study

pytestmark = browsers.MARKS


@browsers.in_both
def page(request: pytest.FixtureRequest, large: Path) -> Iterator[Any]:
    """A headless browser that shows the page."""
    with browsers.opened(report_study(large).as_uri(), request.param) as browser:
        yield browser


def column(browser: Any, index: int) -> list[str]:
    script = (
        "return [...document.querySelector('table').tBodies[0].rows].map(row => row.cells[arguments[0]].textContent)"
    )
    return browser.execute_script(script, index)


def test_it_fits_and_sorts(page: Any) -> None:
    assert page.get_log("browser") == []
    assert page.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert page.execute_script("return [...document.querySelectorAll('svg')].every(svg => svg.getBBox().width > 100)")
    page.execute_script("document.querySelectorAll('table th button')[1].click()")
    down = [float(text) for text in column(page, 1)]
    assert down == sorted(down, reverse=True)
    page.execute_script("document.querySelectorAll('table th button')[1].focus()")
    page.switch_to.active_element.send_keys("\n")
    assert [float(text) for text in column(page, 1)] == sorted(down)
    assert (
        page.execute_script("return document.querySelectorAll('table th')[1].getAttribute('aria-sort')") == "ascending"
    )
    assert page.get_log("browser") == []
