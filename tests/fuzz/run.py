"""`make fuzz`: spoiled inputs of every kind, and what contradicts itself; each gives a right answer or one sentence.

    python tests/fuzz/run.py [--inputs 20000] [--minutes 15] [--seed 0] [--first 0]

Prints each finding once with the number by which it can be made again (`--first N --inputs 1`), and returns 1 if there
is one.  A process that dies is a finding too: the work goes on in another.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(ROOT / ".typings"))  # `serendip` is this tree, installed or not


def main() -> int:
    """Try them, and return 1 if anything was found."""
    os.environ |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "COLUMNS": "120"}
    options = _options()
    from material import make_all

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_all(root / "material")
        found = known(root / "material", root / "work")
        found += spoiled(root, options.seed, options.first, options.inputs, options.minutes)
    for finding, times in Counter(text for _, text in found).most_common():
        example = next(name for name, text in found if text == finding)
        print(f"\n{times} times, such as {example}:\n{finding}")
    print(f"\n{len(found)} findings")
    return 1 if found else 0


def known(material: Path, work: Path) -> list[tuple[str, str]]:
    """Return what is accepted, or falls, of the list of contradictions."""
    from listed import contradicted, refused_though_sound

    found = [("sound", f"refused, though sound: {text}") for text in refused_though_sound(material, work)]
    for name, became, text in contradicted(material, work):
        if became != "sentence":
            found.append((name, f"{name}: {'accepted' if became == 'answer' else place(text)}"))
    return found


def spoiled(root: Path, seed: int, first: int, n: int, minutes: float) -> list[tuple[str, str]]:
    """Return what was found among `n` spoiled inputs, the work of processes that may die."""
    notes, end, start = root / "notes", time.monotonic() + 60.0 * minutes, time.monotonic()
    found, done = list[tuple[str, str]](), first  # (which, what)
    while done < first + n and time.monotonic() < end:
        notes.write_text("")
        pid = os.fork()
        if pid == 0:
            try:
                _work(root, seed, done, first + n, end, notes)
            finally:
                traceback.print_exc()
                os._exit(1)  # what went wrong is this tool's own
        _, status = os.waitpid(pid, 0)
        lines = [json.loads(line) for line in notes.read_text(encoding="utf-8").splitlines()]
        found += [(f"{number} ({kind})", text) for number, kind, text in lines if kind]
        done = max((number for number, _, _ in lines), default=done) + 1
        if status:
            found.append((f"{done - 1}", f"the process died with status {status}"))
    took = time.monotonic() - start
    print(f"{done - first} inputs in {took:.0f} s, seed {seed}", flush=True)
    return found


def _work(root: Path, seed: int, first: int, last: int, end: float, notes: Path) -> None:
    """Try the inputs from `first` on, in this process, a fork; each number is noted before it is tried."""
    from inputs import try_one

    os.chdir(root)
    became = Counter[str]()
    with notes.open("a", encoding="utf-8") as file:
        for number in range(first, last):
            file.write(json.dumps([number, "", ""]) + "\n")
            file.flush()
            kind, fate, text = try_one(root / "material", root / "work", seed, number)
            became[fate] += 1
            if fate == "finding":
                file.write(json.dumps([number, kind, place(text)]) + "\n")
                file.flush()
            if time.monotonic() > end:
                break
    print(dict(became), flush=True)
    os._exit(0)


def place(text: str) -> str:
    """Return a finding on one line, such that two of one cause are the same: of a traceback, where and what."""
    if "Traceback" in text:
        where = [line for line in text.splitlines() if "serendip" in line and "File" in line]
        last = re.sub(r'.*serendip/(.*?)", line (\d+), in (\w+).*', r"\1:\2 \3", where[-1]) if where else ""
        return f"{text.strip().splitlines()[-1][:160]} at {last}"
    return " ".join(text.split())[:300]


def _options() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first input")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
