"""`make kill`: stop every verb that writes at 50 moments, call it again, and compare what is left with a run at peace.

    python tests/kill/run.py [--moments 50] [--seed 0] [--only run]

A moment is a share of the time that the undisturbed run takes; the whole process group is killed (SIGKILL), in every
third case a second time.  What is left must be the same, byte for byte, except what two undisturbed runs do not agree
in either, which must be among the files that say how long things took.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "fuzz"))
sys.path.insert(0, str(ROOT / ".typings"))  # `serendip` is this tree, installed or not
VERBS: dict[str, tuple[str, ...]] = {
    "run": (
        "run",
        "discovery",
        "--world",
        "tiny",
        "--agents",
        "uniform",
        "ease-epsilon",
        "--seeds",
        "2",
        "--days",
        "4",
    ),
    "bandits": (
        "bandits",
        "--bandits",
        "bernoulli",
        "--beliefs",
        "beta",
        "bootstrap",
        "--horizon",
        "60",
        "--runs",
        "4",
    ),
    "beliefs": ("beliefs", "--world", "tiny", "--days", "2", "--epochs", "1", "--draws", "8"),
    "ope-study": ("ope-study", "--gauntlet", "--situations", "plain", "short-log", "--logs", "2"),
    "benchmark": ("benchmark", "ratings.csv", "--models", "popularity", "ease", "--trials", "3", "--min-rating", "1"),
    "calibrate": ("calibrate", "ratings.csv", "--force"),
    "learn": ("learn", "log", "--epochs", "4"),
    "evaluate": ("evaluate", "log", "--target", "ease-greedy", "--json", "out/answer.json"),
    "plot": ("plot", "out"),
    "report": ("report", "out"),
    "compare": ("compare", "results", "results", "--json", "out/rows.json"),
    "export": ("export", "results", "--logs"),
}
NO_OUT = ("evaluate", "plot", "report", "compare")  # what they write, they are told otherwise
DONE = "is there already"  # what `export` says of a place where it was finished
OF_TIME = (
    "clock.json",
    "costs.json",
    "quality-by-time.png",
    ".manifest",
    "table.md",
    ".lock",
    "seconds",
    "figures/costs.png",
    "report.html",  # of a benchmark, which has its seconds
)
COSTS = ("seconds", "peak_mb", "learned_mb")
Tree = dict[str, str]


@dataclass(frozen=True)
class Undisturbed:
    """What a verb leaves when nobody stops it.

    Attributes:
        tree: digest of each file by its path.
        varies: files that two such runs do not agree in: times.
        seconds: how long it takes.
    """

    tree: Tree
    varies: frozenset[str]
    seconds: float


def main() -> int:
    """Stop them, and return 1 if anything was lost."""
    os.environ |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT / ".typings")}
    options = _options()
    rng, lost = np.random.default_rng(options.seed), 0
    from material import make_all

    with tempfile.TemporaryDirectory() as folder:
        material = Path(folder) / "material"
        make_all(material)
        verbs = [verb for verb in VERBS if options.only in ("", verb)]
        whole = {verb: undisturbed(verb, material, Path(folder)) for verb in verbs}
        for moment in range(options.moments):
            verb = verbs[moment % len(verbs)]
            lost += _stopped(verb, whole[verb], material, Path(folder) / "work", rng, twice=moment % 3 == 2)
    print(f"{options.moments} moments, {lost} losses, seed {options.seed}")
    return 1 if lost else 0


def undisturbed(verb: str, material: Path, folder: Path) -> Undisturbed:
    """Return what two runs that nobody stopped leave."""
    trees, seconds = list[Tree](), 0.0
    for name in ("one", "two"):
        start = time.perf_counter()
        code, said = _run(verb, _place(material, folder / name))
        seconds = time.perf_counter() - start
        if code:
            raise SystemExit(f"{verb} undisturbed ends with {code}: {said}")
        trees.append(tree_of(folder / name / "out"))
        shutil.rmtree(folder / name)
    varies = {path for path in trees[0].keys() | trees[1].keys() if trees[0].get(path) != trees[1].get(path)}
    wrong = sorted(path for path in varies if not any(word in path for word in OF_TIME))
    if wrong:
        raise SystemExit(f"{verb}: two runs do not agree in {', '.join(wrong)}")
    print(f"{verb}: {seconds:.1f} s, {len(trees[0])} files, {len(varies)} of them tell times", flush=True)
    return Undisturbed(trees[0], frozenset(varies), seconds)


def _stopped(verb: str, whole: Undisturbed, material: Path, work: Path, rng: Any, *, twice: bool) -> int:
    """Stop a run once or twice, let it go on, and return 1 if what it leaves is not what it should be."""
    shutil.rmtree(work, ignore_errors=True)
    place = _place(material, work)
    shares = rng.uniform(0.05, 1.05, 2 if twice else 1)
    for share in shares:
        _run(verb, place, whole.seconds * float(share))
    code, said = _run(verb, place)
    left = tree_of(work / "out")
    wrong = sorted(
        path
        for path in left.keys() | whole.tree.keys()
        if path not in whole.varies and left.get(path) != whole.tree.get(path)
    )
    lost = bool(wrong or (code and DONE not in said))
    at = " and ".join(f"{share:.0%}" for share in shares)
    print(f"{verb} stopped at {at}: {f'LOST {wrong} {said}' if lost else 'the same'}", flush=True)
    return int(lost)


def _place(material: Path, folder: Path) -> Path:
    """Return a folder with copies of the material, in which a verb works by relative names."""
    folder.mkdir()
    for name in ("log", "ratings.csv"):
        (shutil.copytree if (material / name).is_dir() else shutil.copy2)(material / name, folder / name)
    shutil.copytree(material / "results", folder / "results")
    return folder


def _run(verb: str, place: Path, kill_after: float | None = None) -> tuple[int, str]:
    """Run a verb in `place`, kill it with all its children after some seconds, and return its code and last words."""
    if verb in NO_OUT and not (place / "out").exists():
        shutil.copytree(place / "results", place / "out")
    out = () if verb in NO_OUT else ("--out", "out")
    jobs = ("--jobs", "1") if verb in ("run", "bandits", "beliefs", "ope-study") else ()
    command = [sys.executable, "-m", "serendip.experiments", *VERBS[verb], *out, *jobs]
    process = subprocess.Popen(
        command, cwd=place, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        said = process.communicate(timeout=kill_after)[1]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said = process.communicate()[1]
    return process.returncode, " ".join(said.split())[-300:]


def tree_of(folder: Path) -> Tree:
    """Return the digest of each file below `folder`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(_content(path)).hexdigest() for path in files}


def _content(path: Path) -> bytes:
    """Return what is in a file, a record of a benchmark without the seconds and megabytes that it took."""
    if path.suffix != ".json" or path.parent.name not in ("trials", "tests"):
        return path.read_bytes()
    record = json.loads(path.read_bytes())
    return json.dumps({key: value for key, value in record.items() if key not in COSTS}).encode()


def _options() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="one verb, such as run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
