"""A packed table reads as the table."""

import numpy as np

from serendip.simulator.oracle.truth import Packed


def test_rows_of_a_packed_table_are_its_rows() -> None:
    for n_columns in (1, 7, 8, 64, 65):
        table = np.random.default_rng(n_columns).random((20, n_columns)) < 0.4
        packed = Packed(table)
        assert len(packed) == 20
        assert (packed[3:17] == table[3:17]).all()
        assert packed[3:17].dtype == np.bool_
