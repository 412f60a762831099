"""An inverse that is led on from day to day, beside one that is made anew each time."""

import numpy as np
import pytest
import scipy.sparse as sparse

from serendip.agents.beliefs.ease_posterior import EasePosterior, EasePosteriorSettings, Learned
from serendip.agents.history import History
from serendip.agents.models.woodbury import changed_rows, update_inverse
from serendip.agents.registry import make
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Items

N_ITEMS, LAM = 60, 7.0
ITEMS = Items(np.zeros(N_ITEMS, np.int32), np.zeros(N_ITEMS, np.int32))


def some_clicks(history, rng, n):
    history.append_slots(rng.integers(0, 400, n), rng.integers(0, N_ITEMS, n), rng.random(n) < 0.5)


def inverse_of(history):
    x = history.interactions().clicks.toarray().astype(np.float64)
    return np.linalg.inv(x.T @ x + LAM * np.eye(N_ITEMS))


def test_update_by_hand():
    """A = diag(2, 1); with (2, 0) added it is diag(6, 1), with (0, 1) added and (1, 0) taken away diag(5, 2)."""
    inverse = np.asfortranarray(np.diag([0.5, 1.0]))
    inverse = update_inverse(inverse, sparse.csr_array([[2.0, 0.0]]), np.array([1.0]))
    np.testing.assert_allclose(inverse, np.diag([1 / 6, 1.0]))
    inverse = update_inverse(inverse, sparse.csr_array([[0.0, 1.0], [1.0, 0.0]]), np.array([1.0, -1.0]))
    np.testing.assert_allclose(inverse, np.diag([1 / 5, 1 / 2]))


def test_changed_rows_lead_from_one_matrix_to_the_other():
    history, rng = History(N_ITEMS), np.random.default_rng(0)
    some_clicks(history, rng, 300)
    old, users = history.interactions().clicks, history.user_ids.copy()
    some_clicks(history, rng, 40)
    new = history.interactions().clicks
    rows, signs = changed_rows(old, users, new, history.user_ids)
    x, u = new.toarray(), rows.toarray()
    np.testing.assert_array_equal(x.T @ x - old.toarray().T @ old.toarray(), u.T @ (signs[:, None] * u))
    assert len(signs) < 80
    assert set(signs) == {1.0, -1.0}
    unchanged, _ = changed_rows(new, history.user_ids, new, history.user_ids)
    assert unchanged.shape[0] == 0
    other = new.copy()
    other.data = other.data * 2.0  # as many entries, of other values
    assert (
        changed_rows(new, history.user_ids, other, history.user_ids)[0].shape[0] == 2 * (np.diff(new.indptr) > 0).sum()
    )


def test_led_on_it_is_what_it_would_be_made_anew():
    history, rng, learned = History(N_ITEMS), np.random.default_rng(1), Learned()
    settings = EasePosteriorSettings(lam=LAM, refit_every=1000)
    some_clicks(history, rng, 2000)
    for _ in range(30):
        learned.learn(history.interactions().clicks, history.user_ids, settings)
        np.testing.assert_allclose(learned.inverse, inverse_of(history), rtol=0, atol=1e-12)
        some_clicks(history, rng, 8)


def test_it_is_made_anew_on_schedule_and_where_much_changed(monkeypatch):
    made = []

    def counted(clicks, lam):
        made.append(clicks.shape)
        x = clicks.toarray().astype(np.float64)
        return np.asfortranarray(np.linalg.inv(x.T @ x + lam * np.eye(N_ITEMS)))

    monkeypatch.setattr("serendip.agents.beliefs.ease_posterior._inverted", counted)
    history, rng = History(N_ITEMS), np.random.default_rng(2)
    belief = EasePosterior(EasePosteriorSettings(lam=LAM, refit_every=4))
    some_clicks(history, rng, 2000)
    anew = []
    for n in (0, 4, 4, 4, 4, 4, 400, 4, 0, 4, 4):
        some_clicks(history, rng, n)
        before = len(made)
        belief.update(history, ITEMS)
        anew.append(len(made) > before)
    assert anew == [True, False, False, False, True, False, True, False, False, False, True]


def test_saved_in_between_it_goes_on_to_the_same_bits():
    history, rng = History(N_ITEMS), np.random.default_rng(3)
    settings = EasePosteriorSettings(lam=LAM)
    one, other = EasePosterior(settings), EasePosterior(settings)
    some_clicks(history, rng, 2000)
    for _ in range(3):
        some_clicks(history, rng, 6)
        one.update(history, ITEMS)
    other.restore({name: array.copy() for name, array in one.arrays().items()})
    for _ in range(3):
        some_clicks(history, rng, 6)
        for belief in (one, other):
            belief.update(history, ITEMS)
        for name, array in one.arrays().items():
            np.testing.assert_array_equal(array, other.arrays()[name])


def test_an_agent_that_leads_on_is_the_agent_that_inverts_anew():
    histories = History(N_ITEMS), np.random.default_rng(4)
    agents = [make("thompson", ITEMS, 3, 0, belief="ease-posterior", lam=LAM, refit_every=n) for n in (1, 50)]
    some_clicks(*histories, 3000)
    for _ in range(5):
        for agent in agents:
            agent.forget(histories[0])
            agent.update()
        some_clicks(*histories, 5)
    first, second = (agent.belief.arrays()["inverse"] for agent in agents)
    np.testing.assert_allclose(first, second, rtol=0, atol=1e-7)  # single precision
    assert first.dtype == second.dtype == np.float32


def test_bad_settings_are_named():
    with pytest.raises(SettingsError, match="refit_every is 0; allowed is 1 to 1,000,000"):
        EasePosteriorSettings(refit_every=0)
