"""The page in a real browser: played by mouse and by keyboard, reloaded, in two tabs, without its server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import browsers
import pytest

pytestmark = browsers.MARKS


@browsers.in_both
def page(request: pytest.FixtureRequest, served: Any) -> Iterator[Any]:
    """A headless browser that shows the page."""
    with browsers.opened(served.url, request.param) as browser:
        ready(browser)
        yield browser


def ready(browser: Any) -> None:
    """Wait until the page is drawn and does not wait for the server."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        idle = browser.execute_script(
            "return document.getElementById('stage').getAttribute('aria-busy') === 'false'"
            " && document.querySelector('.panel') !== null && state !== null"
        )
        if idle:
            return
        time.sleep(0.05)
    raise AssertionError(f"the page is not ready: {browser.find_element('id', 'message').text}")


def click(browser: Any, name: str) -> None:
    browser.execute_script("document.getElementById(arguments[0]).click()", name)
    ready(browser)


def state(browser: Any) -> Any:
    return browser.execute_script("return state")


def test_the_three_games_are_played_and_survive_what_people_do(page: Any, served: Any) -> None:
    assert page.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    for topic in (0, 1, 2):
        click(page, f"topic-{topic}")
    click(page, "show")
    assert len(state(page)["last"]) == 3
    seen = state(page)
    page.refresh()
    ready(page)
    assert state(page)["shown"] == seen["shown"]
    assert state(page)["last"] == seen["last"]
    click(page, "look")
    assert page.find_elements("css selector", ".topic.liked")

    click(page, "tab-user")
    before = state(page)["seen"]
    page.find_element("tag name", "body").send_keys("1")  # by keyboard
    until = time.monotonic() + 30
    while state(page)["seen"] == before and time.monotonic() < until:
        time.sleep(0.05)
    ready(page)
    assert state(page)["clicks"] == 1
    page.switch_to.new_window("tab")  # a second tab has a game of its own
    page.get(served.url)
    ready(page)
    click(page, "tab-user")
    assert state(page)["seen"] == 0
    page.close()
    page.switch_to.window(page.window_handles[0])
    click(page, "pass")
    assert state(page)["clicks"] == 1

    click(page, "tab-watch")
    assert "1e-9" not in page.find_element("id", "stage").text  # axes before the first day
    page.execute_script(
        "const e = document.getElementById('every'); e.value = '20'; e.dispatchEvent(new Event('change'))"
    )
    ready(page)
    assert state(page)["every"] == 20
    click(page, "step")
    click(page, "step")
    assert [side["day"] for side in state(page)["sides"]] == [2, 2]
    assert page.get_log("browser") == []

    served.process.kill()
    served.process.wait()
    page.execute_script("document.getElementById('step').click()")
    until = time.monotonic() + 30
    while "does not answer" not in page.find_element("id", "message").text and time.monotonic() < until:
        time.sleep(0.05)
    assert "Is `serendip play` still running?" in page.find_element("id", "message").text
    assert [side["day"] for side in state(page)["sides"]] == [2, 2]  # what was there is still there
