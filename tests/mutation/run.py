"""`make mutants`: break the code by hand in many small ways, and see whether the tests notice.

    python tests/mutation/run.py [--sample 300] [--seed 0] [--all] [--only 'agents/strategies/*'] [--out mutants]

A mutant is killed if a test that belongs to its module fails or does not end.  Results go to `results.jsonl` in the
folder --out; a second call goes on, and tries survivors again where their tests have changed.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(ROOT / ".typings"))  # `serendip` is this tree, installed or not

from belongs import modules, tests_of  # noqa: E402
from mutants import Mutant, is_python, mutants_of, mutated, sample  # noqa: E402
from warm import digest_of, run_tests, warm_up  # noqa: E402

_ROOM = 20.0  # seconds beyond four times what the tests take unchanged


class Results:
    """What is known of each mutant, in a file to which lines are added."""

    def __init__(self, out: Path) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self.file = out / "results.jsonl"
        self.known = dict[str, dict[str, Any]]()
        self._read = 0  # bytes

    def refresh(self) -> None:
        """Take in what was added since, by this process or another at work on the same folder."""
        if self.file.exists():
            with self.file.open("rb") as file:
                file.seek(self._read)
                for line in file.read().splitlines():
                    record = json.loads(line)
                    self.known[record["name"]] = record
                self._read = file.tell()

    def of(self, mutant: Mutant, tests: str) -> str | None:
        """Return `killed` or `survived`; None where that is not known, or was of other tests."""
        self.refresh()
        record = self.known.get(mutant.name)
        if record is None or (record["outcome"] == "survived" and record["tests"] != tests):
            return None
        return record["outcome"]

    def add(self, mutant: Mutant, **values: Any) -> None:
        """Remember what became of a mutant."""
        record = {"name": mutant.name, "path": mutant.path, "line": mutant.start[0], **values}
        self.known[mutant.name] = record
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def main() -> int:
    """Try the mutants that were chosen, and return 1 if fewer than nine in ten were killed."""
    options = _options()
    chosen = [path for path in modules(ROOT) if fnmatch(path, options.only)]
    every = [mutant for path in chosen for mutant in mutants_of(ROOT, path)]
    tried = every if options.all else sample(ROOT, every, options.sample, options.seed)
    print(f"{len(chosen)} modules, {len(every)} mutants, {len(tried)} to try", flush=True)
    if options.list:
        return 0
    warm_up()
    results, usual = Results(options.out), dict[tuple[str, ...], float]()
    in_order = sorted(tried, key=lambda one: (one.path, one.start), reverse=options.backwards)
    for number, mutant in enumerate(in_order, start=1):
        _try(mutant, results, usual, f"{number}/{len(tried)}")
    return _report(tried, results)


def _options() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=300, help="how many places are changed, one way each")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--all", action="store_true", help="every mutant there is, hours of work")
    parser.add_argument("--only", default="*", help="a pattern of modules, such as 'agents/strategies/*'")
    parser.add_argument("--out", type=Path, default=ROOT / "mutants", help="the folder of the results")
    parser.add_argument("--backwards", action="store_true", help="begin at the end, beside another process")
    parser.add_argument("--list", action="store_true", help="only count them")
    return parser.parse_args()


def _try(mutant: Mutant, results: Results, usual: dict[tuple[str, ...], float], where: str) -> None:
    """Run the tests of a mutant, round by round until one fails, unless its fate is known."""
    rounds = tests_of(ROOT, mutant.path)
    digest = digest_of(ROOT, [test for tests in rounds for test in tests])
    if results.of(mutant, digest) is not None:
        return
    changed, outcome, seconds = mutated(ROOT, mutant), "no mutant", 0.0
    for tests in rounds if is_python(changed) else ():
        outcome, took = run_tests(tests, _limit(tests, usual), (mutant.path, changed))
        seconds += took
        if outcome != "passed":
            break
    fate = {"passed": "survived", "no mutant": "no mutant"}.get(outcome, "killed")
    results.add(mutant, outcome=fate, how=outcome, seconds=round(seconds, 1), tests=digest, diff=_diff(mutant, changed))
    print(f"{where} {fate} in {seconds:.1f} s: {mutant.path}:{mutant.start[0]} {mutant.operator}", flush=True)


def _limit(tests: tuple[str, ...], usual: dict[tuple[str, ...], float]) -> float:
    """Return the seconds after which `tests` have not ended, from what they take unchanged."""
    if tests not in usual:
        outcome, seconds = run_tests(tests, 900.0)
        if outcome != "passed":
            raise SystemExit(f"{' '.join(tests)}: {outcome} without any change; mend that first")
        usual[tests] = 4.0 * seconds + _ROOM
        print(f"{' '.join(tests)}: {seconds:.0f} s unchanged", flush=True)
    return usual[tests]


def _diff(mutant: Mutant, changed: str) -> str:
    before = (ROOT / mutant.path).read_text(encoding="utf-8").splitlines()
    lines = list(difflib.unified_diff(before, changed.splitlines(), n=0, lineterm=""))[2:]
    return "\n".join(line for line in lines if not line.startswith("@@"))


def _report(tried: list[Mutant], results: Results) -> int:
    """Print what survived and the share killed, by module and of all."""
    fates = {mutant: results.known[mutant.name]["outcome"] for mutant in tried}
    tried = [mutant for mutant in tried if fates[mutant] != "no mutant"]
    for mutant in sorted(tried, key=lambda one: (one.path, one.start)):
        if fates[mutant] == "survived":
            print(f"\n{mutant.path}:{mutant.start[0]} {mutant.operator}\n{results.known[mutant.name]['diff']}")
    killed, all_of = Counter(m.path for m in tried if fates[m] == "killed"), Counter(m.path for m in tried)
    print()
    for path in sorted(all_of):
        print(f"{killed[path]:4d} of {all_of[path]:4d} killed  {path}")
    share = sum(killed.values()) / max(len(tried), 1)
    print(f"{sum(killed.values())} of {len(tried)} mutants killed: {share:.1%}")
    return 0 if share >= 0.9 else 1


if __name__ == "__main__":
    sys.exit(main())
