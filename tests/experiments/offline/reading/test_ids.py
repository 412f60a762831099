"""Tables that say something else than they seem to: types of ids, leading zeros, stray quotes, obp."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.reading.ids import numbers_or_words, ranks, user_ids, vocabulary
from serendip.experiments.offline.reading.obp_format import from_obp
from serendip.experiments.offline.reading.table_source import TableSource
from serendip.experiments.offline.valuation import Method
from serendip.simulator.errors import DataError

QUICK = Method(("snips",), n_replicates=0)


def n_users(file):
    found = evaluate(file, columns=("target=pi",), method=QUICK)
    return found.diagnostics["n_users"]


def part(path, users, kind):
    n = len(users)
    shown = {"reward": np.arange(n) % 2 * 1.0, "propensity": np.full(n, 0.5), "pi": np.full(n, 0.5)}
    pq.write_table(pa.table({"user_id": pa.array(users).cast(kind)} | shown), path)


@pytest.mark.parametrize("kind", [pa.int64(), pa.int8(), pa.string(), pa.large_string(), pa.float64()])
def test_parts_whose_user_ids_differ_in_type_have_the_same_users(tmp_path, kind):
    part(tmp_path / "a.parquet", list(range(40)), pa.int64())
    part(tmp_path / "b.parquet", list(range(40)), kind)
    assert n_users(tmp_path) == 40


def test_an_id_does_not_depend_on_what_is_beside_it():
    assert user_ids(pa.array(["7", "x"]))[0] == user_ids(pa.array([7]))[0] == user_ids(pa.array([7.0, 0.5]))[0] == 7
    assert user_ids(pa.array(["7.0"]))[0] == 7
    assert len({*user_ids(pa.array(["7", "07", "+7", "7 ", "7.5", "-7", "-07", "1e0", "99999999999999999999"]))}) == 9
    assert user_ids(pa.array(["x", "7"]))[0] == user_ids(pa.array(["x"]).dictionary_encode())[0]


def csv(path, rows, header="user,item,position,reward,propensity,pi"):
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_leading_zeros_tell_users_apart(tmp_path):
    rows = [f"{u},0,0,{u % 2},0.4,0.1\n0{u},0,0,1,0.4,0.1" for u in range(20)]
    assert n_users(csv(tmp_path / "log.csv", rows)) == 40


def test_users_that_turn_into_words_late_in_a_file_are_read(tmp_path):
    few = [f"{u % 50},0,0,{u % 2},0.4,0.1" for u in range(60_000)]  # more than the first block, which types come from
    assert n_users(csv(tmp_path / "log.csv", [*few, "anna,0,0,1,0.4,0.1"])) == 51


def test_items_are_told_apart_as_they_are_written(tmp_path):
    source = TableSource(
        csv(tmp_path / "a.csv", [f"{u},{item},0,1,0.4,0.1" for u, item in enumerate(["7", "10", "9"])]), {}
    )
    (logged,) = source.batches()
    assert logged.item.tolist() == [0, 2, 1]  # numbers, in their order
    rows = [f"{u},{item},0,1,0.4,0.1" for u, item in enumerate(["7", "07", "b"])]
    source = TableSource(csv(tmp_path / "b.csv", rows), {})
    (logged,) = source.batches()
    assert sorted(logged.item.tolist()) == [0, 1, 2]


def test_items_that_are_numbers_in_one_part_and_words_in_another_are_the_same():
    numbers, words = numbers_or_words(pa.array([10, 7])), numbers_or_words(pa.array(["7", "x"]))
    known, _ = vocabulary(*vocabulary(None, None, numbers, None), words, None)
    assert known.tolist() == ["10", "7", "x"]
    assert ranks(numbers, known).tolist() == [0, 1]
    assert ranks(words, known).tolist() == [1, 2]


@pytest.mark.parametrize("row", [0, 700, 1999])
def test_a_stray_quote_is_refused_with_its_line(tmp_path, row):
    rows = [f"{u},0,0,{u % 2},0.4,0.1,fine" for u in range(2000)]
    header = "user,item,position,reward,propensity,pi,note"
    assert n_users(csv(tmp_path / "log.csv", rows, header)) == 2000
    rows[row] = f'{row},0,0,0,0.4,0.1,"oops'
    with pytest.raises(DataError, match=f"line {row + 2}: a quote is opened and not closed"):
        evaluate(csv(tmp_path / "log.csv", rows, header), columns=("target=pi",), method=QUICK)


def test_quotes_that_are_closed_are_fine(tmp_path):
    rows = [f'"{u}",0,0,{u % 2},0.4,0.1,"a ""b"", c"' for u in range(50)]
    assert n_users(csv(tmp_path / "log.csv", rows, "user,item,position,reward,propensity,pi,note")) == 50


def test_a_column_that_only_some_parts_have_is_named(tmp_path):
    part(tmp_path / "a.parquet", [1, 2], pa.int64())
    pq.write_table(pa.table({"user_id": [1], "reward": [1.0], "pi": [0.5]}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"b.parquet: no column 'propensity', which other files of the log have"):
        evaluate(tmp_path, columns=("target=pi",), method=QUICK)


def feedback(**changes):
    given = {"action": np.array([0, 1, 2]), "reward": np.ones(3), "pscore": np.full(3, 1 / 3), "position": None}
    return given | changes


TARGET = np.tile(np.array([0.1, 0.2, 0.7])[None, :, None], (3, 1, 1))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"action": np.array([-1, 1, 2])}, "round 0: action is -1; allowed is a whole number from 0 to 2"),
        ({"action": np.array([0, 1, 3])}, "round 2: action is 3"),
        ({"action": np.array([0, 1.7, 2])}, "round 1: action is 1.7"),
        ({"position": np.array([0, 0, 1])}, "round 2: position is 1; allowed is a whole number from 0 to 0"),
        ({"pscore": np.full(2, 1 / 3)}, r"pscore is \(2,\); there are 3 actions"),
        ({"pscore": np.array([1 / 3, 0.0, 1 / 3])}, "round 1: pscore is 0"),
        ({"reward": np.array([1.0, np.nan, 0.0])}, "round 1: reward is nan; allowed is a finite number"),
    ],
)
def test_feedback_of_obp_is_checked(changes, said):
    assert len(from_obp(feedback(), TARGET)) == 3
    with pytest.raises(DataError, match=said):
        from_obp(feedback(**changes), TARGET)


def test_what_obp_says_of_the_target_is_checked():
    for wrong in (2.0 * TARGET, np.where(TARGET > 0.5, np.nan, TARGET), TARGET - 0.15):
        with pytest.raises(DataError, match="round 0: action_dist holds no probabilities that sum to 1"):
            from_obp(feedback(), wrong)
    with pytest.raises(DataError, match="estimated_rewards holds what is not a finite number"):
        from_obp(feedback(), TARGET, np.full_like(TARGET, np.inf))
    with pytest.raises(DataError, match="users is"):
        from_obp(feedback(), TARGET, users=np.arange(2))


@pytest.mark.parametrize("shift", [0, -5, 1 << 40])
@pytest.mark.parametrize("spread", [1, 1 << 30])
def test_numbers_close_together_and_far_apart_are_ranked_alike(shift, spread):
    one, other = (np.random.default_rng(seed).integers(0, 50, 200) * spread + shift for seed in (0, 1))
    known, _ = vocabulary(None, None, one, None)
    known, _ = vocabulary(known, None, other, None)
    assert np.array_equal(known, np.unique(np.concatenate([one, other])))
    assert np.array_equal(known[ranks(other, known)], other)
    backwards = known[::-1].copy()  # whatever order they are known in
    assert np.array_equal(backwards[ranks(one, backwards)], one)
