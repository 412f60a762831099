"""Titles beside ids, and a fitted world that knows whose its rows are."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from serendip.simulator.calibration import calibrate
from serendip.simulator.errors import DataError
from serendip.simulator.reading.titles import Title, read_names, read_titles, write_names

TOY = "Toy Story (1995)"


@pytest.mark.parametrize(
    ("name", "content", "genres"),
    [
        (
            "movies.csv",
            f'movieId,title,genres\n07,"{TOY}",Animation|Comedy\n8,"Postino, Il",Drama\n',
            "Animation|Comedy",
        ),
        ("movies.dat", f"07::{TOY}::Animation|Comedy\n8::Postino, Il::Drama\n", "Animation|Comedy"),
        ("u.item", f"07|{TOY}|01-Jan-1995||0|1\n8|Postino, Il|01-Jan-1995||1|0\n", ""),
        ("songs.tsv", f"name\tid\n{TOY}\t07\nPostino, Il\t8\n", ""),
        ("games.item", f"item_id:token\ttitle:token_seq\tclass:token_seq\n07\t{TOY}\tfun\n8\tPostino, Il\tno\n", "fun"),
    ],
)
def test_titles_of_any_layout(tmp_path: Path, name: str, content: str, genres: str) -> None:
    (tmp_path / name).write_text(content)
    found = read_titles(tmp_path / name)
    assert found["07"] == Title(TOY, genres)
    assert found["8"].title == "Postino, Il"


def test_titles_in_latin_1(tmp_path: Path) -> None:
    (tmp_path / "movies.dat").write_bytes("1::Les Misérables::Drama\n2::b::c\n".encode("latin-1"))
    assert read_titles(tmp_path / "movies.dat")["1"].title == "Les Misérables"


def test_a_file_without_titles_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("movieId,year\n1,1999\n")
    with pytest.raises(DataError, match="one with titles"):
        read_titles(tmp_path / "m.csv")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("row,item\n0,a\n2,b\n", "count from 0"),
        ("row,user\n0,a\n", "row and item"),
        ('row,item\n0,"a\n', "row and item"),
    ],
)
def test_names_of_rows_that_were_changed_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "items.csv").write_text(text)
    with pytest.raises(DataError, match=said):
        read_names(tmp_path / "items.csv", "item")


def test_names_are_read_as_they_were_written(tmp_path: Path) -> None:
    names = ["07", 'a "b", c', "é", "x\ty", ""]
    write_names(tmp_path / "items.csv", "item", names, {"07": Title("A, b")})
    assert read_names(tmp_path / "items.csv", "item") == names


def test_a_fitted_world_keeps_the_ids_of_its_rows(tmp_path: Path) -> None:
    rows = [f"u{user},{item:02d},{1_000_000_000 + 86_400 * (user + item)}" for user in range(30) for item in range(12)]
    (tmp_path / "plays.csv").write_text("user,item,time\n" + "\n".join(rows) + "\n")
    (tmp_path / "songs.csv").write_text("id,title,genres\n03,Third,pop\n")
    calibrate(tmp_path / "plays.csv", tmp_path / "world", titles=tmp_path / "songs.csv", force=True)
    with (tmp_path / "world" / "items.csv").open(newline="") as file:
        items = list(csv.reader(file))
    assert items[0] == ["row", "item", "title", "genres"]
    assert items[1:] == [[str(n), f"{n:02d}", *(["Third", "pop"] if n == 3 else ["", ""])] for n in range(12)]
    users = (tmp_path / "world" / "users.csv").read_text().splitlines()
    assert users[:2] == ["row,user", "0,u0"]
    assert len(users) == 31
