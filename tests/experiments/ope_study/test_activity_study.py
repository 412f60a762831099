"""The activity study: pieces that are kept, truths that are runs, and scores that can be worked out by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from rich.console import Console

from serendip.experiments.figures.activity_study import draw
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.long_term.saying import Said, conclude
from serendip.experiments.offline.long_term.twin import Held
from serendip.experiments.ope_study.activity.ranking import Valued, rankings
from serendip.experiments.ope_study.activity.ranking import markdown as ranking_table
from serendip.experiments.ope_study.activity.ranking import read_rows as read_ranking
from serendip.experiments.ope_study.activity.ranking import write_rows as write_ranking
from serendip.experiments.ope_study.activity.run import plan, run
from serendip.experiments.ope_study.activity.scores import Case, estimated, words
from serendip.experiments.ope_study.activity.table import halves, in_words, markdown, write_all
from serendip.experiments.ope_study.activity.trial import LEARNED, SHOWN, Place, Told
from serendip.simulator.errors import SettingsError

TINY = Place("tiny", "uniform", 3, 60, ((6, 3), (10, 4)), ("uniform", "popularity"))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    first = run(out, [TINY], Console(quiet=True), 1)
    return out, first


def test_a_log_is_a_piece_that_is_kept(found):
    out, first = found
    (file,) = (out / "logs").glob("*.json")
    before = file.stat().st_mtime_ns
    again = run(out, [TINY], Console(quiet=True), 1)
    assert file.stat().st_mtime_ns == before
    assert [case.told.to_json() for case in again] == [case.told.to_json() for case in first]
    with pytest.raises(SettingsError):
        plan(0, 0)


def test_the_logger_itself_does_what_its_users_did(found):
    each = [case.told for case in found[1]]
    place = found[1][0].place
    assert [(told.target, told.horizon) for told in each] == [(t, h) for t in place.targets for h in (6, 10)]
    for told in each[:2]:
        assert told.truth == pytest.approx(told.logged)
        assert told.said.estimates["mis"].value == pytest.approx(told.logged, rel=0.05)
    assert each[2].truth != each[2].logged


def test_what_is_said_survives_the_file_and_is_judged_anew(found):
    for told in (case.told for case in found[1]):
        assert conclude(Said.from_json(told.said.to_json())).verdict == conclude(told.said).verdict


def test_the_plan_has_worlds_that_are_not_the_twins():
    places = plan(2, 5)
    assert len(places) == len({place.name for place in places}) == 2 * 2 * len((*LEARNED, *SHOWN)) >= 28
    assert {place.seed for place in places} == {5, 6}
    assert min(place.n_users for place in places) >= 1000
    assert {"hawkes", "clickbait", "attrition"} <= {place.world for place in places}


def case(truth, change, *, world="default", word_users=2000.0, target="a", error=0.01):
    """Return a case in which the twin says that the target changes 4 visits by `change`."""
    d = {"n_users": word_users, "logged_visits": 4.0, "logged_visits_by_model": 4.0, "effective_sample_size": 1.0}
    d |= {"mean_weight": 1.0, "mean_weight_z": 0.0, "shift": 0.1}
    q = Estimate(4.0 + change, 4.0 + change - 0.1, 4.0 + change + 0.1, 0.05)
    lift = Estimate(change, change - 0.1, change + 0.1, 0.05)
    twin = Held(np.full(3, change), 4.0, 4.0, error, 20.0)
    said = Said({"fitted_q": q, "lift": lift, "mis": q, "drl": q}, d, twin)
    return Case(Place(world, "uniform", 0), Told(target, 45, truth, 4.0, said), conclude(said))


def test_scores_are_counts():
    right, wrong, unsaid = case(4.6, 0.5), case(3.5, 0.5, target="b"), case(9.0, 0.5, word_users=10.0, target="c")
    assert [one.word == "invalid" for one in (right, wrong, unsaid)] == [False, False, True]
    assert (right.covered, right.difference.value) == (True, pytest.approx(0.5))
    counted = words("these", [right, wrong, unsaid])
    assert (counted.cases, counted.invalid) == (3, 1)
    assert counted.coverage == np.mean([right.covered, wrong.covered])
    clear = [one for one in (right, wrong) if one.difference.low > 0.0]
    assert (counted.clear, counted.wrong) == (len(clear), sum(one.told.truth < 4.0 for one in clear))
    near = next(e for e in estimated([right, wrong, unsaid]) if (e.estimator, e.distance) == ("fitted_q", "near"))
    assert (near.cases, near.sign) == (3, pytest.approx(2 / 3))
    assert near.rmse == pytest.approx(np.sqrt(np.mean(np.square([-0.1, 1.0, -4.5]))) / 4.0)


def test_a_clear_difference_with_the_wrong_sign_is_counted():
    sure = dataclasses.replace
    for truth, wrong in ((5.0, 0), (3.0, 1), (4.0, 1)):
        one = case(truth, 1.0)
        low = sure(one.said.estimates["lift"], low=0.5)
        said = sure(one.said, estimates=one.said.estimates | {"lift": low}, lift="lift", recommended="fitted_q")
        found = words("one", [sure(one, said=said)])
        assert (found.clear, found.wrong) == (1, wrong)


def test_tables_figure_and_file_have_all_of_it(tmp_path):
    cases = [case(4.1, 0.2, world=world, target=t) for world in ("default", "frozen") for t in "abc"]
    assert [found.name for found in halves(cases)] == ["learned", "shown", "all"]
    assert "frozen, uniform (shown)" in markdown(cases)
    assert in_words(cases).startswith("learned: 3 values asked for, 0% invalid")
    assert {row["name"] for row in write_all(cases, tmp_path)["words"]} >= {"learned", "shown", "all"}
    assert len((tmp_path / "activity.csv").read_text().splitlines()) == 1 + len(cases)
    assert draw(cases).axes[0].get_title().endswith("learned on")


def test_a_run_is_scored(found):
    cases = found[1]
    assert len(cases) == 4
    # of 60 users no world is fitted, and a target that is never shown cannot be weighed; the logger itself can
    assert {(c.told.target, c.said.recommended) for c in cases} == {("uniform", "mis"), ("popularity", None)}


def of_target(name, truth, **said):
    """Return a row of a ranking."""
    said = {estimator: said.get(estimator) for estimator in ("twin", "fitted_q", "mis", "drl")}
    return Valued("default", "ease-epsilon", 0, 90, name, "weak", 4.0, truth, **said)


def test_a_ranking_is_what_can_be_counted_by_hand(tmp_path):
    rows = [
        of_target("a", 4.0, twin=1.0, mis=3.0),
        of_target("b", 5.0, twin=2.0, mis=2.0),
        of_target("c", 6.0, twin=3.0, mis=1.0),
        of_target("d", 8.0, twin=2.5),
    ]
    twin, mis = rankings(rows)
    assert (twin.estimator, twin.logs, twin.targets) == ("twin", 1, 4.0)
    assert twin.correlation == pytest.approx(1 - 6 * 2 / (4 * 15))  # one neighbouring pair is swapped
    assert twin.pairs == pytest.approx(5 / 6)
    assert twin.regret == pytest.approx((8.0 - 6.0) / 4.0)  # c is put first
    assert twin.by_chance == pytest.approx((8.0 - 23.0 / 4) / 4.0)
    assert (mis.estimator, mis.correlation, mis.pairs) == ("mis", pytest.approx(-1.0), 0.0)
    assert mis.regret == pytest.approx((6.0 - 4.0) / 4.0)
    write_ranking(tmp_path / "ranking.csv", rows)
    assert read_ranking(tmp_path / "ranking.csv") == rows
    assert "| default | twin | 1 | 4.0 | +0.80 | 83% | 50% | 56% | 0% |" in ranking_table(rows)


def test_targets_that_are_put_level_tell_nothing():
    (twin,) = rankings([of_target(name, truth, twin=1.0) for name, truth in (("a", 4.0), ("b", 5.0), ("c", 9.0))])
    assert (twin.correlation, twin.pairs) == (0.0, 0.5)
    assert twin.regret == twin.by_chance
    assert rankings([of_target("a", 4.0, twin=1.0), of_target("b", 5.0, twin=2.0)]) == []


def test_the_plan_takes_other_worlds_loggers_and_targets():
    (place,) = plan(1, 4, ["tiny"], ["ease-epsilon:epsilon=0.2"], ["uniform", "popularity", "uniform"])
    assert (place.world, place.targets) == ("tiny", ("uniform", "popularity"))
    for wrong in ({"worlds": ["nowhere"]}, {"loggers": ["nobody"]}, {"targets": ["nobody"]}):
        with pytest.raises(SettingsError):
            plan(1, 0, **wrong)
