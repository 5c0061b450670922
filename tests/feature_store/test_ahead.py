"""Work is done ahead, in order, and not far ahead."""

from functools import partial

import pytest

from feature_store.ahead import THREADS, ahead


def test_results_come_in_the_order_of_their_makers():
    assert list(ahead(partial(pow, 2, n) for n in range(50))) == [
        2**n for n in range(50)
    ]


def test_no_more_than_a_few_are_made_in_advance():
    asked = []

    def makers():
        for n in range(50):
            asked.append(n)
            yield partial(int, n)

    made = ahead(makers())
    assert [next(made), next(made)] == [0, 1]
    assert len(asked) == 2 + THREADS


def test_what_a_maker_raises_is_raised_in_its_place():
    made = ahead([partial(int, "1"), partial(int, "one"), partial(int, "3")])
    assert next(made) == 1
    with pytest.raises(ValueError, match="one"):
        next(made)
