"""What is declared before anything is run: arms, worlds, seeds, the measure and the contrasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path

from serendip.experiments.online.agents import parse_agent
from serendip.experiments.running.provenance import checksum
from serendip.simulator.errors import SettingsError
from serendip.simulator.settings_json import read_json, settings_from_json

FEWEST_VALUES = 2
INFORMED = "informed-greedy"  # no agent: greed that knows the world's numbers, but not its users


@dataclass(frozen=True, slots=True)
class Arm:
    """One kind of agent that takes part, with the one setting that is tuned."""

    name: str
    agent: str
    """The agent, as on the command line, less what is tuned."""
    kind: str
    """The side it is on."""
    setting: str | None = None
    """What is tuned; None: nothing."""
    values: tuple[float, ...] = ()
    """Values that are tried."""

    def __post_init__(self) -> None:
        if (self.setting is None) != (not self.values) or 0 < len(self.values) < FEWEST_VALUES:
            raise SettingsError(
                f"declaration: arm {self.name!r} needs a setting with {FEWEST_VALUES} values, or neither"
            )

    def text(self, value: float | None) -> str:
        """Return the agent with the tuned setting at `value`, as on the command line."""
        if value is None:
            return self.agent
        return f"{self.agent}{',' if ':' in self.agent else ':'}{self.setting}={value:g}"


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference that is asked for in every world: the family of Holm's correction."""

    name: str
    plus: tuple[str, ...]
    """Kinds of arms of which the best counts, by the tuning seeds."""
    minus: tuple[str, ...]
    """Kinds of arms that it is compared with, likewise."""
    asks: str = ""
    """The question in words."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """The whole protocol; nothing that is compared is decided elsewhere."""

    question: str
    measure: str
    users: int
    days: int
    update_every: int
    tuning_seeds: tuple[int, ...]
    fresh_seeds: tuple[int, ...]
    worlds: tuple[str, ...]
    arms: tuple[Arm, ...]
    contrasts: tuple[Contrast, ...]
    tuned_in: dict[str, str] = field(default_factory=dict[str, str])
    """World whose tuned values another takes over."""

    def __post_init__(self) -> None:
        both = set(self.tuning_seeds) & set(self.fresh_seeds)
        if both:
            raise SettingsError(f"declaration: seeds {sorted(both)} both tune and compare; take others to compare on")
        budgets = {len(arm.values) for arm in self.arms if arm.setting}
        if len(budgets) > 1:
            raise SettingsError(f"declaration: arms are tuned with {sorted(budgets)} values; give each as many")
        _check_contrasts(self)

    def arm(self, name: str) -> Arm:
        """Return the arm called `name`; a SettingsError lists those declared."""
        for arm in self.arms:
            if arm.name == name:
                return arm
        known = ", ".join(arm.name for arm in self.arms)
        raise SettingsError(f"unknown arm {name!r}; declared: {known}")

    def least_p(self) -> float:
        """Return the smallest p-value that an exact test of a contrast can have, corrected over as many worlds.

        Of n differences all with one sign, 2 of the 2^n flips are as extreme (Fisher 1935); Holm (1979) multiplies the
        smallest by the number of worlds.
        """
        return min(1.0, len(self.worlds) * 2.0 ** (1 - len(self.fresh_seeds)))

    def home(self, world: str) -> str:
        """Return the world in which the values for `world` are tuned."""
        return self.tuned_in.get(world, world)

    def only(
        self,
        worlds: Sequence[str] = (),
        arms: Sequence[str] = (),
        users: int | None = None,
        days: int | None = None,
        seeds: int | None = None,
    ) -> Declaration:
        """Return a part of the protocol, such as a quick try; what is left out stays as declared.

        Args:
            worlds: the worlds, those not declared included.
            arms: names of arms.
            users: how many a world has on its first day.
            days: length of a run.
            seeds: how many of the fresh seeds, from the first.

        Raises:
            SettingsError: an arm is not declared, or more seeds are asked for than there are.
        """
        if seeds is not None and seeds > len(self.fresh_seeds):
            raise SettingsError(f"{seeds} seeds; the declaration has {len(self.fresh_seeds)} fresh ones")
        return replace(
            self,
            worlds=tuple(worlds) or self.worlds,
            arms=tuple(self.arm(name) for name in arms) or self.arms,
            users=users or self.users,
            days=days or self.days,
            fresh_seeds=self.fresh_seeds[:seeds],
        )


def _check_contrasts(declared: Declaration) -> None:
    """Raise a SettingsError where names stand twice, or a world is tuned in one that is tuned elsewhere."""
    for what, names in (("arm", [a.name for a in declared.arms]), ("contrast", [c.name for c in declared.contrasts])):
        if len(set(names)) < len(names):
            raise SettingsError(f"declaration: an {what} is named twice in {', '.join(names)}; name each once")
    for world, home in declared.tuned_in.items():
        if home in declared.tuned_in:
            raise SettingsError(f"declaration: {world} is tuned in {home}, which is tuned elsewhere itself")


def name_of(world: str) -> str:
    """Return the name of a world, also where it is a folder."""
    return Path(world).name


def shipped() -> Path:
    """Return the file of the declaration that comes with the package."""
    return Path(str(resources.files("serendip.experiments.uncertainty") / "declaration.json"))


def read_declaration(path: Path | None = None) -> Declaration:
    """Return the declaration in a file, the shipped one when left out.

    Raises:
        SettingsError: it is not whole, or an agent is not known.
    """
    file = shipped() if path is None else path
    declared = settings_from_json(Declaration, read_json(file), str(file))
    for arm in declared.arms:
        if arm.agent != INFORMED:
            parse_agent(arm.text(arm.values[0] if arm.values else None))
    return declared


def mark(path: Path | None = None) -> str:
    """Return the checksum that results carry, so that a declaration changed afterwards is seen."""
    return checksum(shipped() if path is None else path)


def departures(declared: Declaration, done: Declaration) -> list[str]:
    """Return in words how what was run differs from what was declared; empty: it is what was declared."""
    said = list[str]()
    for name in ("users", "days"):
        if getattr(declared, name) != getattr(done, name):
            said.append(f"{getattr(done, name):,} {name} instead of {getattr(declared, name):,}")
    lists: tuple[tuple[str, set[object], set[object]], ...] = (
        ("worlds", set(declared.worlds), set(done.worlds)),
        ("arms", {arm.name for arm in declared.arms}, {arm.name for arm in done.arms}),
        ("fresh seeds", set(declared.fresh_seeds), set(done.fresh_seeds)),
    )
    for name, whole, part in lists:
        if whole - part:
            said.append(f"without the {name} {', '.join(sorted(map(str, whole - part)))}")
        if part - whole:
            said.append(f"with the {name} {', '.join(sorted(map(str, part - whole)))}, which were not declared")
    return said
