"""The page in a real browser: no error, nothing beside the window, tables that sort by mouse and keyboard."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serendip.experiments.report.study import report_study

webdriver: Any = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

pytestmark = [
    pytest.mark.skipif(not CHROMIUM or not DRIVER, reason="no Chromium with its driver is installed"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(params=[(1440, False), (390, True)], ids=["desk, light", "phone, dark"])
def page(request: pytest.FixtureRequest, large: Path) -> Iterator[Any]:
    """A headless browser that shows the page."""
    width, dark = request.param
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
        browser.get(report_study(large).as_uri())
        yield browser
    finally:
        browser.quit()


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
