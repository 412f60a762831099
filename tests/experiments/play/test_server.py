"""What the server lets in: its own pages on this machine, JSON that is small, and nothing else."""

from __future__ import annotations

import json
import socket

import pytest

from serendip.simulator.errors import SettingsError
from serendip.simulator.world import make_world

testclient = pytest.importorskip("starlette.testclient", reason="the extra `play` is not installed")
pytest.importorskip("httpx", reason="the test client needs httpx")

PORT = 8642
OWN = {"Host": f"127.0.0.1:{PORT}"}


@pytest.fixture(scope="module")
def client():
    from serendip.experiments.play.games import Table
    from serendip.experiments.play.server import application

    return testclient.TestClient(application(Table(make_world("tiny", 0)), PORT), headers=OWN)


def test_the_page_and_its_parts_are_served_with_a_policy_that_lets_nothing_else_in(client):
    for path, kind in (("/", "text/html"), ("/play.css", "text/css"), ("/play.js", "text/javascript")):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "http" not in client.get("/").text.replace("https://", "http")  # nothing is fetched from elsewhere
    for path in ("/../server.py", "/server.py", "/page/index.html", "/api/game/nothing/../../x"):
        assert client.get(path).status_code in (404, 422)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": f"127.0.0.1:{PORT + 1}"},
        {"Origin": "http://evil.example"},
        {"Origin": f"https://127.0.0.1:{PORT}"},
        {"Origin": "null"},
    ],
)
def test_pages_of_others_are_refused(client, headers):
    assert client.get("/api/about", headers=OWN | headers).status_code == 403
    assert client.post("/api/new/watch", json={}, headers=OWN | headers).status_code == 403


def test_a_game_goes_on_over_http(client):
    state = client.post("/api/new/user", json={"agent": "ease-greedy", "seed": 1}).json()
    moved = client.post(f"/api/game/{state['game']}", json={"click": 0}).json()
    assert moved["clicks"] == 1
    assert client.get(f"/api/game/{state['game']}").json() == moved


@pytest.mark.parametrize(
    ("body", "kind", "sentence"),
    [
        (b"{", "application/json", "not JSON"),
        (b"[]", "application/json", "not a JSON object"),
        (b"[" * 10_000, "application/json", "not JSON"),
        (b"{}", "text/plain", "send application/json"),
        (b'"' + b"a" * 20_000 + b'"', "application/json", "longer than 16384 bytes"),
        (b'{"seed": -1}', "application/json", "seed is -1; allowed is 0 to"),
        (b'{"seed": 1e3}', "application/json", "seed is 1000.0; allowed is 0 to"),
    ],
)
def test_nonsense_is_one_sentence(client, body, kind, sentence):
    answer = client.post("/api/new/user", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 422
    assert sentence in answer.json()["error"]


def test_unknown_games_and_kinds_are_one_sentence(client):
    assert "known games: recommender, user, watch" in client.post("/api/new/chess", json={}).json()["error"]
    assert "this game is over" in client.post("/api/game/none", json={}).json()["error"]
    assert client.put("/api/game/none", content=json.dumps({})).status_code == 405


def test_a_port_that_is_taken_is_one_sentence():
    from serendip.experiments.play.games import Table
    from serendip.experiments.play.server import serve

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"--port {port}: .*; give another"):
            serve(Table(make_world("tiny", 0)), port)
