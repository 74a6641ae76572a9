"""CBOR values, against the examples in appendix A of RFC 8949."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haar.wire.cbor import decode, encode
from haar.wire.json_shapes import Instant

EXAMPLES: list[tuple[str, Any]] = [
    ("00", 0),
    ("17", 23),
    ("1818", 24),
    ("1903e8", 1000),
    ("1a000f4240", 1000000),
    ("1b000000e8d4a51000", 1000000000000),
    ("1bffffffffffffffff", 18446744073709551615),
    ("c249010000000000000000", 18446744073709551616),
    ("3bffffffffffffffff", -18446744073709551616),
    ("c349010000000000000000", -18446744073709551617),
    ("20", -1),
    ("3903e7", -1000),
    ("f90000", 0.0),
    ("f93e00", 1.5),
    ("f97bff", 65504.0),
    ("fa47c35000", 100000.0),
    ("fb3ff199999999999a", 1.1),
    ("fb7e37e43c8800759c", 1.0e300),
    ("f97c00", math.inf),
    ("f4", False),
    ("f5", True),
    ("f6", None),
    ("f7", None),
    ("c11a514b67b0", 1363896240.0),
    ("c1fb41d452d9ec200000", 1363896240.5),
    ("c074323031332d30332d32315432303a30343a30305a", 1363896240.0),
    ("40", b""),
    ("4401020304", b"\x01\x02\x03\x04"),
    ("60", ""),
    ("6449455446", "IETF"),
    ("62c3bc", "ü"),
    ("80", []),
    ("8301820203820405", [1, [2, 3], [4, 5]]),
    ("a26161016162820203", {"a": 1, "b": [2, 3]}),
    ("5f42010243030405ff", b"\x01\x02\x03\x04\x05"),
    ("7f657374726561646d696e67ff", "streaming"),
    ("9fff", []),
    ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
    ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
    ("bf6346756ef563416d7421ff", {"Fun": True, "Amt": -2}),
]


@pytest.mark.ours
@pytest.mark.parametrize(("text", "value"), EXAMPLES)
def test_the_examples_of_the_standard_are_read(text: str, value: Any) -> None:
    got = decode(bytes.fromhex(text))
    assert (got, type(got)) == (value, type(value))


@pytest.mark.ours
@pytest.mark.parametrize(
    "text",
    ["", "18", "6261", "ff", "9f01", "a1", "a10102", "1c", "5f01ff", "5f5f4101ffff", "0000", "c1616f", "9b" + "ff" * 8],
)
def test_what_is_malformed_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(bytes.fromhex(text))


@pytest.mark.ours
def test_an_instant_is_tagged_epoch_seconds() -> None:
    assert encode(Instant(1363896240)).hex() == "c11a514b67b0"


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.ours
@settings(max_examples=200, deadline=None)
@given(value=_values)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert decode(encode(value)) == value


@pytest.mark.ours
@settings(max_examples=500, deadline=None)
@given(data=st.binary(max_size=64))
def test_any_bytes_are_a_value_or_a_value_error(data: bytes) -> None:
    with suppress(ValueError):
        decode(data)


@pytest.mark.ours
def test_endless_nesting_is_refused() -> None:
    with pytest.raises(ValueError, match="nested"):
        decode(b"\x81" * 100_000)
