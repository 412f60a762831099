"""Reading ahead: the same batches in order, errors where they are taken, and a reader that goes when it may."""

from __future__ import annotations

import threading

import pytest

from serendip.experiments.offline.reading.read_ahead import read_ahead


def test_the_batches_come_in_order():
    assert list(read_ahead(iter(range(100)))) == list(range(100))
    assert list(read_ahead(iter(()))) == []


def test_what_stops_the_reader_is_raised_after_what_it_read():
    def batches():
        yield 1
        raise ValueError("a bad part")

    ahead = read_ahead(batches())
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="a bad part"):
        next(ahead)


def test_a_reader_whom_nobody_listens_to_goes():
    before = threading.active_count()
    ahead = read_ahead(iter(range(10**6)))
    assert next(ahead) == 0
    ahead.close()
    assert threading.active_count() == before
