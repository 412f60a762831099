"""A study on Ray and on Dask, with a worker killed in the middle, is that of this machine to the last byte."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from serendip.experiments.running.crews.clusters import cluster
from serendip.experiments.running.crews.crew import now_and_then
from serendip.experiments.running.pool import Job, run_jobs
from serendip.experiments.running.screen import Screen
from serendip.simulator.errors import SettingsError

FRAGILE = '''
import os
import signal
from pathlib import Path

import serendip


class Fragile(serendip.Agent):
    """Shows the first items; the first time that it lives through a third day, the system ends its process."""

    def choose(self, visits, luck):
        return luck.normals(self.items.n_items).argsort(axis=1)[:, : self.slate_size]

    def observe(self, visits, slates, feedback):
        super().observe(visits, slates, feedback)
        mark = Path(__file__).with_name("killed")
        if visits.day == 2 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
'''


def ran(folder: Path, backend: str) -> dict[str, bytes]:
    """Run 2 seeds x 4 agents by two workers in `folder`; return what was written, but for clocks and commands."""
    out = folder / backend
    (folder / "fragile.py").write_text(FRAGILE)
    agents = ["uniform", f"{folder / 'fragile.py'}:Fragile", "popularity", "ease-epsilon"]
    command = ["run", "discovery", "--world", "tiny", "--agents", *agents, "--seeds", "2", "--days", "4"]
    options = ["--out", str(out), "--jobs", "2", "--backend", backend]
    done = subprocess.run(
        [sys.executable, "-m", "serendip.experiments", *command, *options], capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr
    assert "seed 1  ease-epsilon  done" in done.stdout + done.stderr
    paths = sorted(path for path in (out / "seeds").rglob("*") if path.name != "clock.json")
    return {str(path.relative_to(out)): path.read_bytes() if path.is_file() else b"" for path in paths}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """Return a folder, and what two processes of this machine write there, none of them killed."""
    folder = tmp_path_factory.mktemp("clusters")
    (folder / "killed").touch()
    written = ran(folder, "loky")
    (folder / "killed").unlink()
    return folder, written


@pytest.mark.skipif(os.name == "nt", reason="processes end in another way there")
@pytest.mark.parametrize("backend", ["ray", "dask"])
def test_a_killed_worker_costs_its_piece_alone(here: tuple[Path, dict[str, bytes]], backend: str) -> None:
    pytest.importorskip({"ray": "ray", "dask": "distributed"}[backend])
    folder, expected = here
    found = ran(folder, backend)
    assert (folder / "killed").exists()
    assert sorted(found) == sorted(expected)  # and no half of what the killed worker began
    assert [name for name in found if found[name] != expected[name]] == []
    (folder / "killed").unlink()
    shutil.rmtree(folder / backend)


LISTENING = """
import os
import psutil
from serendip.experiments.running.crews.clusters import cluster

with cluster("ray", 1) as ray:
    ray.get(ray.remote(lambda: 0).remote())
    ours = [psutil.Process(), *psutil.Process().children(recursive=True)]
    sockets = [s for one in ours for s in one.net_connections() if s.status == psutil.CONN_LISTEN]
    print(os.environ["RAY_AUTH_MODE"], len(os.environ["RAY_AUTH_TOKEN"]), *{s.laddr.ip for s in sockets})
"""


@pytest.mark.skipif(sys.platform != "linux", reason="who listens is found out in another way there")
def test_a_local_ray_listens_on_this_machine_alone_and_asks_for_a_token() -> None:
    pytest.importorskip("ray")
    done = subprocess.run([sys.executable, "-c", LISTENING], capture_output=True, text=True, timeout=240)
    mode, length, *addresses = done.stdout.split()
    assert (mode, length) == ("token", "64")
    assert addresses
    assert set(addresses) <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def test_an_unknown_back_end_and_one_that_is_not_installed_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job("", 1, print)
    with pytest.raises(SettingsError, match="unknown back end 'slurm'; known: loky, ray, dask"):
        run_jobs([job], 1, Screen(quiet=True), "steps", "slurm")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match="pip install '\\.\\[ray\\]'"), cluster("ray", 1):
        pass


def test_workers_say_how_far_they_are_now_and_then() -> None:
    said = list[int]()
    tell = now_and_then(said.append)
    for done in range(1000):
        tell(done)
    assert said[0] == 0
    assert len(said) < 100
