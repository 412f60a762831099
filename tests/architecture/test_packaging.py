"""The wheel holds the four floors and touches nobody else's packages."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

FLOORS = ("api", "simulator", "agents", "envs", "experiments")


def source_files(root: Path) -> list[Path]:
    """Return what lies in the four folders, less what Python leaves there, relative to `root`."""
    found = [path for floor in FLOORS for path in (root / floor).rglob("*") if path.is_file()]
    return sorted(path.relative_to(root) for path in found if "__pycache__" not in path.parts)


def package(folder: Path) -> str:
    """Return the import name of a folder: `serendip` itself is the folder `api`."""
    return ".".join(["serendip", *folder.parts]) if folder.parts[0] != "api" else "serendip"


def settings(root: Path) -> dict[str, object]:
    return tomllib.loads((root / "pyproject.toml").read_text())


def test_every_folder_is_a_listed_package(root: Path) -> None:
    folders = {path.parent for path in source_files(root) if path.suffix == ".py"}
    listed = settings(root)["tool"]["setuptools"]["packages"]  # type: ignore[index]
    assert sorted(listed) == sorted(package(folder) for folder in folders)
    assert [folder for folder in folders if not (root / folder / "__init__.py").exists()] == []


def test_no_folder_has_the_name_of_the_namespace(root: Path) -> None:
    assert not (root / "serendip").exists()


def test_type_checkers_find_what_is_called_serendip_itself(root: Path) -> None:
    typings = root / ".typings" / "serendip"
    if not (typings / "__init__.py").is_symlink():
        pytest.skip("this file system has no symbolic links")
    files = {path.name for path in (root / "api").iterdir() if path.suffix in (".py", ".typed")}
    assert {path.name for path in typings.iterdir()} - {"__pycache__"} == files | set(FLOORS[1:])
    assert all(Path(os.readlink(typings / name)) == Path("..", "..", "api", name) for name in files)


@pytest.mark.parametrize("floor", FLOORS[1:])
def test_type_checkers_find_the_floors(root: Path, floor: str) -> None:
    link = root / ".typings" / "serendip" / floor
    if not link.is_symlink():
        pytest.skip("this file system has no symbolic links")
    assert Path(os.readlink(link)) == Path("..", "..", floor)
    assert (link / "py.typed").exists()


def test_constraints_pin_every_dependency_exactly(root: Path) -> None:
    lines = [line for line in (root / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines}
    assert all("==" in line and "+" not in line and "/" not in line for line in lines)
    project = settings(root)["project"]
    extras = project["optional-dependencies"]  # type: ignore[index]
    wanted = [*project["dependencies"], *extras["dev"], *extras["docs"]]  # type: ignore[index]
    names = {entry.partition(">=")[0].partition("[")[0].lower() for entry in wanted}
    assert names - {"serendip"} <= pinned  # `dev` takes the extra `docs` along


def foreign_wheel(folder: Path) -> Path:
    """Return a wheel of another project whose import name is `agents`."""
    path = folder / "foreign_agents-1.0-py3-none-any.whl"
    info = "foreign_agents-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("agents/__init__.py", "WHO = 'another project'\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: foreign-agents\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(
            f"{info}/RECORD", f"agents/__init__.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n"
        )
    return path


def test_the_wheel_holds_every_file_of_the_floors(root: Path, wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {"serendip/" + path.as_posix().removeprefix("api/") for path in source_files(root)}
    assert expected - names == set()
    strangers = {name for name in names - expected if ".dist-info/" not in name}
    assert strangers == set()


def test_the_wheel_lives_beside_another_package_called_agents(wheel: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    venv.create(empty, with_pip=False, symlinks=os.name != "nt")
    scripts = empty / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*install, str(foreign_wheel(tmp_path)), str(wheel)], check=True)
    # What serendip needs is borrowed from the environment of the tests, so that no network is needed.  A folder named
    # in a .pth is searched last, and the .pth files inside it (an editable install) are not read.
    site = Path(sysconfig.get_path("purelib", vars={"base": str(empty), "platbase": str(empty)}))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def run(*command: str | Path) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "usage: serendip" in run(scripts / "serendip", "--help")
    assert (
        run(python, "-c", "import serendip; print(serendip.__version__)").strip()
        == run(scripts / "serendip", "--version").removeprefix("serendip ").strip()
    )
    where = "import agents, serendip.agents as ours; print(agents.WHO, *ours.__path__, sep='\\n')"
    assert run(python, "-c", where).splitlines() == ["another project", str(site / "serendip" / "agents")]
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "uninstall", "--yes", "--quiet", "serendip"], check=True
    )
    assert run(python, "-c", "import agents; print(agents.WHO)").strip() == "another project"
