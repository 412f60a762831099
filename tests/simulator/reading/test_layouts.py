"""The layouts that people's data come in, each read right with no flag or one."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.simulator.reading import Wanted, read_interactions

ROWS = [  # user, item, rating, seconds since 1970
    ("196", "242", 3.0, 881250949),
    ("186", "302", 5.0, 891717742),
    ("196", "377", 1.0, 878887116),
    ("22", "302", 4.0, 879372434),
]
SPAN = "1997-11-07 to 1998-04-04"


@dataclass(frozen=True)
class Layout:
    """How a data set writes `ROWS`, and what must be said to read it."""

    name: str
    write: Callable[[Path], None]
    positives: int = 2
    columns: dict[str, str] = field(default_factory=dict[str, str])
    positive: str | None = None
    span: str = SPAN
    users: tuple[str, ...] = ("196", "186", "22")
    items: tuple[str, ...] = ("242", "302", "377")


def text(lines: str, header: str = "", end: str = "\n") -> Callable[[Path], None]:
    """Write each row by a format string."""
    rows = [lines.format(u=u, i=i, r=r, r0=int(r), t=t, ms=t * 1000, iso=iso(t)) for u, i, r, t in ROWS]
    return lambda path: path.write_text(end.join([*([header] if header else []), *rows]) + end, newline="") and None


def iso(seconds: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def packed(path: Path) -> None:
    body = "user,item,rating,timestamp\n" + "".join(f"{u},{i},{r},{t}\n" for u, i, r, t in ROWS)
    path.write_bytes(gzip.compress(body.encode()))


def table(*, floats: bool = False) -> pa.Table:
    users, items, ratings, times = zip(*ROWS, strict=True)
    ids = pa.array([float(u) for u in users]) if floats else pa.array([int(u) for u in users])
    moments = pa.array(times, pa.timestamp("s"))
    return pa.table({"user_id": ids, "item_id": pa.array(items), "rating": pa.array(ratings), "timestamp": moments})


def arrow(path: Path) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table().schema) as writer:
        writer.write_table(table())


def stream(path: Path) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table().schema) as writer:
        writer.write_table(table())


def reviews(path: Path) -> None:
    lines = [
        {"rating": r, "title": "so [so]", "images": [], "asin": i, "user_id": u, "timestamp": t * 1000}
        for u, i, r, t in ROWS
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


SHOP = {"196": "A1YJEY40YUW4SE", "186": "A60XNB876KYML", "22": "A3WEHKB0NKJ7TN"}
GOODS = {"242": "0711304238", "302": "B000052ZAV", "377": "B00005N7P0"}


def shop(path: Path) -> None:
    path.write_text("".join(f"{GOODS[i]},{SHOP[u]},{r},{t}\n" for u, i, r, t in ROWS))


LAYOUTS = [
    Layout("u.data", text("{u}\t{i}\t{r0}\t{t}")),
    Layout("ratings.dat", text("{u}::{i}::{r0}::{t}")),
    Layout("ratings.csv", text("{u},{i},{r},{t}", "userId,movieId,rating,timestamp")),
    Layout("windows.csv", text("{u};{i};{r};{t}", "\ufeffUserId;ItemId;Rating;Timestamp", "\r\n")),
    Layout("quoted.csv", text('"{u}","{i}",{r},"{t}"', '"userId","movieId","rating","timestamp"')),
    Layout("lastfm-1K.tsv", text('user_{u}\t{iso}\ta-{i}\t12" of {i}\tt-{i}\ttrack'), 4,
           users=("user_196", "user_186", "user_22"), items=('12" of 242', '12" of 302', '12" of 377')),
    Layout("lastfm-2K.dat", text("{u}\t{i}\t{t}", "userID\tartistID\ttimestamp"), 4),
    Layout("gowalla.txt", text("{u}\t{iso}\t30.2\t-97.7\t{i}"), 4),
    Layout("amazon-2014.csv", text("A{u}XNB876KYML,{i},{r},{t}"),
           users=("A196XNB876KYML", "A186XNB876KYML", "A22XNB876KYML")),
    Layout("amazon-2018.csv", shop, users=tuple(SHOP.values()), items=tuple(GOODS.values())),
    Layout("amazon-2023.jsonl", reviews),
    Layout("kuairec.csv", text("{u},{i},1000,2000,{iso},20200705,{t}.5,{r}",
           "user_id,video_id,play_duration,video_duration,time,date,timestamp,watch_ratio"), 3, {}, "watch_ratio>=3"),
    Layout("ml.inter", text("{u}\t{i}\t{r}\t{t}", "user_id:token\titem_id:token\trating:float\ttimestamp:float")),
    Layout("packed.csv.gz", packed),
    Layout("log.parquet", lambda path: pq.write_table(table(), path)),
    Layout("floats.parquet", lambda path: pq.write_table(table(floats=True), path)),
    Layout("log.arrow", arrow),
    Layout("log.arrows", stream),
    Layout("dates.csv", text("{iso},{u},{i}", "date,customer_id,article_id"), 4),
    Layout("millis.csv", text("{u},{i},{ms}", "visitorid,itemid,timestamp"), 4),
    Layout("own.csv", text("{i},{t},{u}", "song,when,listener"), 4, {"item": "song", "time": "when"}),
    Layout("bare.csv", text("{t},{i},{u}"), 4, {"user": "3", "item": "2", "time": "1"}),
    Layout("clicks.txt", text(" {u}  {i} "), 4, span=""),
]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_layout_is_read_right(tmp_path: Path, layout: Layout) -> None:
    layout.write(tmp_path / layout.name)
    found = read_interactions(tmp_path / layout.name, Wanted(layout.columns, positive=layout.positive))
    users = dict(zip(("196", "186", "22"), layout.users, strict=True))
    items = dict(zip(("242", "302", "377"), layout.items, strict=True))
    assert found.user_names[found.user].tolist() == [users[row[0]] for row in ROWS]
    assert found.item_names[found.item].tolist() == [items[row[1]] for row in ROWS]
    assert int(found.liked.sum()) == layout.positives
    if layout.span:
        assert found.times is not None
        assert found.times.said.startswith(layout.span)
        assert found.times.seconds.astype(int).tolist() == [row[3] for row in ROWS]
    else:
        assert found.times is None


@pytest.mark.parametrize("gzipped", [False, True])
def test_rows_are_those_of_the_csv_module(tmp_path: Path, *, gzipped: bool) -> None:
    """Quotes, commas within them, blank lines and a last line without an end."""
    body = 'user,item,note\n1,a,"x, y"\n\n2,"b",""\n"3",c,"say ""yes"""\n\n4,d,z'
    path = tmp_path / "notes.csv"
    path.write_bytes(gzip.compress(body.encode()) if gzipped else body.encode())
    found = read_interactions(path)
    rows = [row for row in csv.reader(body.splitlines()) if row][1:]
    assert found.user_names[found.user].tolist() == [row[0] for row in rows]
    assert found.item_names[found.item].tolist() == [row[1] for row in rows]


def test_ids_are_the_words_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("user,item\n07,1.0\n7,1\n7.0,01\n")
    found = read_interactions(tmp_path / "r.csv")
    assert found.user_names.tolist() == ["07", "7", "7.0"]
    assert found.item_names.tolist() == ["1.0", "1", "01"]


@pytest.mark.parametrize(
    ("unit", "values", "said"),
    [
        (None, (1e9, 1.1e9), "2001-09-09 to 2004-11-09, seconds"),
        (None, (1e12, 1.1e12), "2001-09-09 to 2004-11-09, milliseconds"),
        (None, (1e15, 1.1e15), "2001-09-09 to 2004-11-09, microseconds"),
        (None, (1e18, 1.1e18), "2001-09-09 to 2004-11-09, nanoseconds"),
        (None, (20010909, 20041109), "2001-09-09 to 2004-11-09, dates"),
        ("days", (3, 9), "7 days from an unknown start, days"),
        ("hours", (3, 30), "2 days from an unknown start, hours"),
    ],
)
def test_times_of_any_unit(tmp_path: Path, unit: str | None, values: tuple[float, float], said: str) -> None:
    (tmp_path / "r.csv").write_text("user,item,ts\n" + "".join(f"1,2,{value:.0f}\n" for value in values))
    found = read_interactions(tmp_path / "r.csv", Wanted(time_unit=unit))
    assert found.times is not None
    assert found.times.said == said


def test_what_was_guessed_is_said(tmp_path: Path) -> None:
    LAYOUTS[0].write(tmp_path / "u.data")
    said = read_interactions(tmp_path / "u.data").said()
    assert "tabs" in said[0]
    assert "user from 1, item from 2, time from 4, rating from 3 (guessed" in said[0]
    assert said[1] == "4 rows of 3 users and 3 items; 1997-11-07 to 1998-04-04, seconds"
    assert said[2] == "2 positives (50.0%): a rating of 4 or more (4/5 of the largest, 5; --min-rating changes that)"
