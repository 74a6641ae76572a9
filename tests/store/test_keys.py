"""Keys sort as the values they stand for."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haar.store.keys import AFTER, encode, encode_key, prefix_bounds, starting_with

pytestmark = pytest.mark.ours

TEXT = st.text(
    alphabet=st.one_of(st.sampled_from("\0\1\2ab\x7f\x80é\U0010ffff"), st.characters(exclude_categories=["Cs"]))
)
BYTES = st.one_of(st.binary(), st.lists(st.sampled_from([0, 1, 2, 254, 255])).map(bytes))
NUMBER = st.one_of(
    st.integers(),
    st.integers(min_value=-(2**63), max_value=2**64),
    st.floats(allow_nan=False),
    st.integers(-5, 5),
    st.floats(-5, 5),
    st.integers(min_value=2**53 - 3, max_value=2**53 + 9).flatmap(
        lambda n: st.sampled_from([n, -n, float(n), n << 20])
    ),
)


def below(left: Any, right: Any) -> bool:
    return bool(encode(left) < encode(right))


@given(st.tuples(TEXT, TEXT), st.tuples(TEXT, TEXT))
def test_texts_sort_by_code_point(left: tuple[str, str], right: tuple[str, str]) -> None:
    assert below(left, right) == (left < right)


@given(st.tuples(BYTES, BYTES), st.tuples(BYTES, BYTES))
def test_bytes_sort_by_byte(left: tuple[bytes, bytes], right: tuple[bytes, bytes]) -> None:
    assert below(left, right) == (left < right)


@given(st.tuples(NUMBER, NUMBER), st.tuples(NUMBER, NUMBER))
def test_whole_numbers_and_fractions_share_one_order(left: tuple[float, float], right: tuple[float, float]) -> None:
    assert below(left, right) == (left < right)
    assert (encode(left) == encode(right)) == (left == right)


@given(st.tuples(TEXT, NUMBER, BYTES, st.booleans()), st.tuples(TEXT, NUMBER, BYTES, st.booleans()))
def test_tuples_sort_field_by_field(left: tuple[Any, ...], right: tuple[Any, ...]) -> None:
    assert below(left, right) == (left < right)


@given(
    st.one_of(TEXT, BYTES, NUMBER, st.booleans(), st.none()), st.one_of(TEXT, BYTES, NUMBER, st.booleans(), st.none())
)
def test_no_encoding_is_the_beginning_of_another(left: Any, right: Any) -> None:
    one, other = encode((left,)), encode((right,))
    assert one == other or not other.startswith(one)


@given(TEXT, st.lists(st.one_of(TEXT, NUMBER, BYTES), max_size=2))
def test_the_bounds_of_a_prefix_hold_exactly_the_keys_that_begin_with_it(text: str, rest: list[Any]) -> None:
    low, high = prefix_bounds("t", text)
    assert low <= encode_key("t", text, *rest) < high
    assert not low <= encode_key("t", text + "\0", *rest) < high
    assert not low <= encode_key("t2", text, *rest) < high


@given(TEXT, TEXT)
def test_texts_that_start_alike_lie_together(start: str, text: str) -> None:
    low = starting_with(start)
    assert (low <= encode((text,)) < low + AFTER) == text.startswith(start)


def test_none_sorts_before_everything() -> None:
    assert encode((None,)) < min(encode((value,)) for value in (False, "", b"", -math.inf, -(10**300)))


def test_minus_zero_is_zero() -> None:
    assert encode((-0.0,)) == encode((0.0,)) == encode((0,))


def test_what_has_no_order_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        encode((math.nan,))
    with pytest.raises(ValueError, match="bits"):
        encode((2**1024,))
    with pytest.raises(TypeError, match="list"):
        encode(([],))
