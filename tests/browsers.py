"""A headless browser as desks and phones have it, for the tests that drive a page."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

webdriver: Any = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

MARKS = [
    pytest.mark.skipif(not CHROMIUM or not DRIVER, reason="no Chromium with its driver is installed"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
in_both = pytest.fixture(params=[(1440, False), (390, True)], ids=["desk, light", "phone, dark"])


@contextmanager
def opened(url: str, window: tuple[int, bool]) -> Generator[Any]:
    """Yield a browser that shows `url`, in a window so wide, and dark or not."""
    width, dark = window
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
        browser.get(url)
        yield browser
    finally:
        browser.quit()
