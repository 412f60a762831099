"""The server of the page: loopback alone, its own pages alone, and nothing that writes a file."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from serendip.agents import registry
from serendip.experiments.play.game import JsonObject
from serendip.experiments.play.games import Table
from serendip.simulator.errors import SerendipError, SettingsError
from serendip.simulator.world import World

PAGE = Path(__file__).parent / "page"
FILES = {"/": "index.html", "/play.css": "play.css", "/play.js": "play.js"}
MOST_BYTES = 16_384  # of a request
OFFERED = (
    "ease-greedy",
    "bootstrap-thompson",
    "vae-thompson",
    "vae-greedy",
    "logistic-greedy",
    "choice-greedy",
    "choice-thompson",
    "oracle-growth",
)
SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def application(table: Table, port: int) -> Starlette:
    """Return the application that serves the games of `table` on `port` of this machine."""

    async def file(request: Request) -> Response:
        return FileResponse(PAGE / FILES[request.url.path])

    async def about(request: Request) -> Response:
        return JSONResponse(_about(table))

    async def begin(request: Request) -> Response:
        wish = await _json_of(request)
        return await _answer(lambda: table.begin(request.path_params["kind"], wish))

    async def look(request: Request) -> Response:
        return await _answer(lambda: table.look(request.path_params["game"]))

    async def move(request: Request) -> Response:
        wish = await _json_of(request)
        return await _answer(lambda: table.move(request.path_params["game"], wish))

    routes = [
        *(Route(path, file) for path in FILES),
        Route("/api/about", about),
        Route("/api/new/{kind}", begin, methods=["POST"]),
        Route("/api/game/{game}", look),
        Route("/api/game/{game}", move, methods=["POST"]),
    ]
    return Starlette(routes=routes, middleware=[Middleware(OwnPagesOnly, port=port)], exception_handlers=_HANDLERS)


class OwnPagesOnly:
    """Refuses requests that come by another name than this machine's, or from the page of somebody else."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what comes from the page itself."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get("origin")
        own = headers.get("host") in self._hosts and (origin is None or origin.removeprefix("http://") in self._hosts)
        if not own:
            await PlainTextResponse("only pages of this machine may ask", 403)(scope, receive, send)
            return

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    *((name.lower().encode(), value.encode()) for name, value in SAFE.items()),
                ]
            await send(message)

        await self._app(scope, receive, with_headers)


def _about(table: Table) -> JsonObject:
    """Return what the page must know of the world before a game begins."""
    world, stable = table.stable.world, table.stable
    known = [*registry.names(), "oracle-growth"]
    return {
        "world": world.settings.name,
        "users": world.n_users,
        "items": world.n_items,
        "topics": world.items.n_topics,
        "slots": world.settings.slate_size,
        "agents": [{"name": name, "ready": stable.ready(name)} for name in OFFERED if name in known],
    }


async def _json_of(request: Request) -> JsonObject:
    """Return the JSON object of a request.

    Raises:
        SettingsError: the body is too long, not JSON, or not an object.
    """
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise SettingsError("send application/json")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise SettingsError(f"the request is longer than {MOST_BYTES} bytes")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SettingsError("the request is not JSON") from error
    if not isinstance(value, dict):
        raise SettingsError("the request is not a JSON object")
    return value


async def _answer(work: Any) -> Response:
    """Return the JSON of what `work` returns, found beside the loop that answers others."""
    return JSONResponse(await run_in_threadpool(work))


def _refused(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 422)


_HANDLERS: Any = {SerendipError: _refused}


def serve(table: Table, port: int) -> None:
    """Serve the page on 127.0.0.1 until interrupted.

    Raises:
        SettingsError: the port is taken.
    """
    import socket

    import uvicorn

    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
        except OSError as error:
            raise SettingsError(f"--port {port}: {error.strerror}; give another") from error
        real = listening.getsockname()[1]
        print(f"serendip: play at http://127.0.0.1:{real} (Ctrl-C ends it)", flush=True)
        config = uvicorn.Config(application(table, real), log_level="warning", server_header=False)
        uvicorn.Server(config).run(sockets=[listening])


def open_table(world: World, titles: dict[int, str]) -> Table:
    """Return a table in `world`, whose agents begin to learn now, the quick ones first, beside the page."""
    table = Table(world, titles)
    known = [name for name in OFFERED if name in registry.names()]

    def learn() -> None:
        for name in known:
            table.stable.lend(name, 0)

    threading.Thread(target=learn, daemon=True).start()
    return table
