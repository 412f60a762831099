"""A page is one valid file that refers to nothing else and runs nothing that a file says."""

from __future__ import annotations

import hashlib
import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serendip.experiments.__main__ import main
from serendip.experiments.online.results import read_results
from serendip.experiments.online.summary import summarise
from serendip.experiments.report.audit import audit_page
from serendip.experiments.report.evaluation import evaluation_page
from serendip.experiments.report.page import render
from serendip.experiments.report.study import answer, report_study
from serendip.experiments.report.svg import inline_svg
from serendip.simulator.errors import DataError

VOID = {"meta", "link", "br", "img", "input", "hr"}
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)> \"' $x$ {{ 7 * 7 }}"


class WellFormed(HTMLParser):
    """Elements that are closed in the order they were opened, and ids that are there once."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.ids, self.tags = list[str](), list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), (tag, names)
        assert not [name for name in names if name.startswith("on")], (tag, names)
        links = [
            value for name, value in attrs if name.rpartition(":")[2] in ("src", "href", "srcset", "action", "data")
        ]
        assert all(link == "data:," or str(link).startswith("#") for link in links), (tag, links)
        assert not [value for name, value in attrs if name == "style" and re.search(r"url\((?!#)", str(value))]
        self.tags.append(tag)
        self.ids += [str(value) for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag


def check(html: str) -> WellFormed:
    parser = WellFormed()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    assert len(set(parser.ids)) == len(parser.ids)
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', html))
    assert used <= set(parser.ids)
    style = "".join(re.findall(r"<style>(.*?)</style>", html, flags=re.DOTALL))
    assert not re.findall(r"@import|url\(|//\w", style)
    assert html.startswith("<!doctype html>")
    assert parser.tags.count("script") == 1
    return parser


def evaluation(**changed: Any) -> dict[str, Any]:
    one = {"value": 0.2, "low": 0.1, "high": 0.3}
    values = {
        "estimates": {"snips": one, "dm": one | {"value": 0.25}, "slate_ips": dict.fromkeys(one)},
        "diagnostics": {"mean_weight": 1.0, "tail_index": None},
        "verdict": "reliable",
        "reasons": ["The mean weight is 1."],
        "truth": 0.22,
        "log": "here",
        "target": "uniform",
        "notes": ["A note."],
        "recommended": "snips",
        "because": "It is best.",
    }
    return values | changed


def test_a_page_of_a_study_is_valid_and_holds_every_figure(small: Path) -> None:
    html = report_study(small).read_text()
    parser = check(html)
    assert parser.tags.count("svg") == 5
    assert html.count('role="img" aria-label="') == 5
    assert "serendip run &lt;discovery&gt; &amp; more" in html
    assert hashlib.sha256((small / "study.json").read_bytes()).hexdigest() in html
    assert all(agent in html for agent in ("ease-greedy", "uniform", "popularity"))
    assert "prefers-color-scheme:dark" in html
    assert "@media print" in html


def test_the_same_bytes_twice(small: Path) -> None:
    assert report_study(small).read_bytes() == report_study(small).read_bytes()


def test_five_seeds_of_sixteen_agents_are_small_and_quick(large: Path) -> None:
    start = time.process_time()
    page = report_study(large)
    assert time.process_time() - start < 10.0
    assert page.stat().st_size <= 1_500_000
    check(page.read_text())


def test_what_stands_in_files_is_only_read(small: Path, tmp_path: Path) -> None:
    results = read_results(small)
    page = evaluation_page(evaluation(target=EVIL, log=EVIL, reasons=[EVIL], notes=[EVIL]), [(EVIL, EVIL)])
    check(render(page))
    assert "{{ 7 * 7 }}" in render(page)
    (small / "evaluations").mkdir()
    try:
        (small / "evaluations" / 'a"><b.json').write_text(json.dumps(evaluation(target=EVIL)))
        html = report_study(small, results, tmp_path / "page.html").read_text()
    finally:
        (small / "evaluations" / 'a"><b.json').unlink()
        (small / "evaluations").rmdir()
    check(html)
    assert "What the log says of &lt;script&gt;" in html


@pytest.mark.parametrize(
    "spoiled",
    [[], {}, evaluation(verdict="fine"), evaluation(estimates=[]), evaluation(target=3), evaluation(truth="much"),
     evaluation(estimates={"snips": {"value": "0.1", "low": 0.0, "high": 1.0}}), evaluation(reasons=3)],
)  # fmt: skip
def test_what_is_no_evaluation_is_refused(small: Path, spoiled: Any) -> None:
    file = small / "evaluations" / "spoiled.json"
    file.parent.mkdir()
    file.write_text(json.dumps(spoiled))
    try:
        with pytest.raises(DataError, match="not what `serendip evaluate --json` writes"):
            report_study(small)
    finally:
        file.unlink()
        file.parent.rmdir()


def test_the_verdict_of_an_evaluation_is_said_with_the_truth_beside_it() -> None:
    html = render(evaluation_page(evaluation(), []))
    check(html)
    assert "uniform is worth 0.2 (mean reward per slot), 95% interval 0.1 to 0.3, by SNIPS (snips)." in html
    assert "it is worth 0.22, inside the interval." in html
    assert "outside the interval" in render(evaluation_page(evaluation(truth=0.9), []))
    assert "No value of uniform is recommended." in render(evaluation_page(evaluation(recommended=None), []))


def test_an_answer_is_only_as_sure_as_its_seeds(small: Path, large: Path) -> None:
    results = read_results(small)
    said = answer(results, summarise(results))
    assert (said.word, said.tone) == ("no verdict", "doubtful")
    assert said.text.startswith("popularity had most, ")
    assert "With 3 worlds no difference can be clear: run --seeds 7." in said.text
    assert answer(read_results(large), summarise(read_results(large))).text.startswith("mf-thompson had most, ")


def test_the_command_says_where_the_page_is(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(small), "--out", str(tmp_path / "page.html")]) == 0
    assert capsys.readouterr().out == f"report in {tmp_path / 'page.html'}\n"
    assert main(["report", str(small), "--out", str(tmp_path)]) == 2
    assert main(["report", str(tmp_path)]) == 2
    assert "no study.json; not a folder that `serendip run` wrote" in capsys.readouterr().err


def test_a_page_of_an_audit_names_what_failed() -> None:
    class Found:
        answer, sound, not_asked = EVIL, False, ["the logged agent"]
        checks = [  # noqa: RUF012
            type("Check", (), {"name": name, "passed": passed, "detail": EVIL})
            for name, passed in (("days", True), ("items", False), ("agent", None))
        ]

    found: Any = Found
    html = render(audit_page(found, EVIL, []))
    check(html)
    assert '<td class="strong">items</td><td>no</td>' in html
    assert "not sound" in html
    assert "This log could not be asked: the logged agent." in html


def test_a_page_of_a_fit_says_what_is_assumed(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{user},{item},5,{day}" for user in range(60) for day, item in enumerate(rng.permutation(20)[:8])]
    (tmp_path / "ratings.csv").write_text("\n".join(["user,item,rating,day", *rows]))
    page, asked = tmp_path / "fit.html", [str(tmp_path / "ratings.csv"), "--out", str(tmp_path / "world"), "--force"]
    assert main(["calibrate", *asked, "--time-unit", "days", "--report", str(page)]) == 0
    html = page.read_text()
    check(html)
    assert "Assumed, as the data do not say it: satiation" in html
    assert "mathdefault" not in html


def test_a_page_of_a_fitted_log_has_what_was_found(tmp_path: Path) -> None:
    run = ["run", "discovery", "--world", "tiny", "--agents", "uniform", "--seeds", "1", "--days", "20", "--jobs", "1"]
    assert main([*run, "--out", str(tmp_path / "r")]) == 0
    log, page = tmp_path / "r/seeds/seed-000/uniform/log", tmp_path / "fit.html"
    assert main(["calibrate", str(log), "--out", str(tmp_path / "w"), "--force", "--report", str(page)]) == 0
    html = page.read_text()
    check(html)
    assert "How well does a world explain the log log?" in html
    assert "examination of each further slot" in html


def test_a_page_of_a_benchmark_says_who_is_best_and_how_sure(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{user},{item}" for user in range(60) for item in rng.permutation(np.arange(user % 2, 40, 2))[:8]]
    (tmp_path / "likes.csv").write_text("\n".join(["user,item", *rows]))
    ask = ["benchmark", str(tmp_path / "likes.csv"), "--models", "popularity", "item-knn", "--trials", "1"]
    assert main([*ask, "--out", str(tmp_path / "found")]) == 0
    html = (tmp_path / "found/report.html").read_text()
    parser = check(html)
    assert {"svg", "table"} <= set(parser.tags)
    assert "item-knn ranks best: NDCG@100" in html
    assert "mathdefault" not in html
    assert "A ranking of logged clicks says which model predicts what people did." in html


def test_a_page_of_two_studies_holds_each_difference(tmp_path: Path) -> None:
    for name, world in (("one", "tiny"), ("other", "null")):
        run = [
            "run",
            "discovery",
            "--world",
            world,
            "--agents",
            "uniform",
            "--seeds",
            "1",
            "--days",
            "2",
            "--jobs",
            "1",
        ]
        assert main([*run, "--out", str(tmp_path / name)]) == 0
    assert (
        main(["compare", *(str(tmp_path / name) for name in ("one", "other")), "--report", str(tmp_path / "x.html")])
        == 0
    )
    html = (tmp_path / "x.html").read_text()
    check(html)
    assert "no verdict" in html
    assert "Not the same in both: world: tiny and null" in html
    assert html.count("<dt>first: command</dt>") == 1


def test_a_drawing_keeps_its_shape_in_few_characters() -> None:
    from matplotlib.figure import Figure

    def draw() -> Figure:
        figure = Figure(figsize=(1.0, 1.0))
        ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        ax.axis("off")
        ax.set(xlim=(0.0, 10.0), ylim=(0.0, 10.0))
        ax.plot([0.0, 5.0, 10.0], [0.0, 10.0, 0.0], color="#0072B2")
        return figure

    svg = inline_svg(draw, "one", 'a "label" <b>')
    assert "M0 72l36 -72 36 72" in svg
    assert "stroke: var(--agent-0)" in svg
    assert 'viewBox="0 0 72 72" role="img" aria-label="a &quot;label&quot; &lt;b&gt;"' in svg
