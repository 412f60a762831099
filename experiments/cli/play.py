"""`serendip play`: a page on which to try it with one's own hands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from serendip.experiments.cli.flags import shown


@dataclass(frozen=True)
class Play:
    """Open a page to play with: be the recommender, be the user, or watch two agents side by side.

    It is served on this machine alone (127.0.0.1) and writes no file.  Needs `pip install '.[play]'`.
    """

    world: Annotated[str, shown("NAME|DIR")] = "default"
    """A world by name, or a folder that `serendip calibrate` wrote."""

    items: Annotated[Path | None, shown("FILE.csv")] = None
    """Titles of the items of a world fitted from ratings: a CSV file with the columns item (or movieId) and title."""

    seed: int = 0
    """Under which the world is drawn."""

    port: int = 8642
    """Where the page is served; 0: any free port."""

    def execute(self) -> None:
        """Serve the page until interrupted."""
        import importlib.util

        from serendip.experiments.running.threads import stay_on_one_thread
        from serendip.simulator.errors import SettingsError

        if importlib.util.find_spec("starlette") is None or importlib.util.find_spec("uvicorn") is None:
            raise SettingsError("`serendip play` needs the extra `play`: pip install '.[play]'")
        if not 0 <= self.port < 1 << 16:
            raise SettingsError(f"--port {self.port}: allowed is 0 (any free one) to 65535")
        stay_on_one_thread()
        from serendip.experiments.play.server import open_table, serve
        from serendip.experiments.play.titles import titles_of
        from serendip.simulator.world import make_world

        world = make_world(self.world, self.seed)
        titles = {} if self.items is None else titles_of(self.items, self.world, world.n_items)
        serve(open_table(world, titles), self.port)
