"""Tree hashes and ranges, without a cloud."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime

import pytest
from botocore.utils import calculate_tree_hash
from hypothesis import given, settings
from hypothesis import strategies as st

from haar.kit.checksums import TREE, calculator
from haar.services.glacier import rules
from haar.services.glacier.rules import MIB

GUIDE = "https://docs.aws.amazon.com/amazonglacier/latest/dev/"
CHECKSUMS = GUIDE + "checksum-calculations.html"
RANGES = GUIDE + "checksum-calculations-range.html"


def root(data: bytes, step: int = 300_000) -> str:
    leaves = calculator(TREE)
    for at in range(0, len(data), step):
        leaves.update(data[at : at + step])
    return rules.tree_hash(leaves.digest()).hex()


@pytest.mark.documented(CHECKSUMS)
@pytest.mark.parametrize("size", [1, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB, 5 * MIB + 7, 7 * MIB])
def test_a_tree_hash_is_the_one_that_clients_compute(size: int) -> None:
    data = os.urandom(size)
    assert root(data) == calculate_tree_hash(io.BytesIO(data))


@pytest.mark.documented(CHECKSUMS)
@given(whole=st.integers(0, 9), last=st.integers(1, 4), power=st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_the_tree_hash_of_parts_of_one_size_is_that_of_the_whole(whole: int, last: int, power: int) -> None:
    width = 2**power
    sizes = [width] * whole + [min(last, width)]
    leaves = [bytes([number]) * 32 for number in range(sum(sizes))]
    parts, at = [], 0
    for size in sizes:
        parts.append(rules.tree_hash(b"".join(leaves[at : at + size])))
        at += size
    assert rules.tree_hash(b"".join(parts)) == rules.tree_hash(b"".join(leaves))


@pytest.mark.documented(RANGES)
@given(total=st.integers(1, 20))
@settings(max_examples=20, deadline=None)
def test_the_aligned_ranges_are_the_nodes_of_the_tree(total: int) -> None:
    size = total * MIB - 5
    nodes = set()
    level = [(number, number + 1) for number in range(total)]
    while level:
        nodes |= set(level)
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [(pair[0][0], pair[-1][1]) for pair in pairs] if len(level) > 1 else []
    ends = [(first, last) for first in range(total) for last in range(first + 1, total + 1)]
    aligned = {(f, e) for f, e in ends if rules.is_tree_aligned(f * MIB, min(e * MIB, size), size)}
    assert aligned == nodes


@pytest.mark.documented(RANGES)
def test_what_is_not_aligned_to_a_mebibyte_is_no_node() -> None:
    assert not rules.is_tree_aligned(0, 1000, 4 * MIB)
    assert not rules.is_tree_aligned(1, MIB, 4 * MIB)


@pytest.mark.documented(RANGES)
def test_of_two_ranges_of_two_mebibytes_only_the_even_one_is_a_node() -> None:
    size = 6 * MIB + MIB // 2
    assert rules.is_tree_aligned(2 * MIB, 4 * MIB, size)
    assert not rules.is_tree_aligned(3 * MIB, 5 * MIB, size)


@pytest.mark.documented(GUIDE + "api-job-output-get.html")
def test_a_double_quote_in_an_inventory_stands_behind_a_backslash() -> None:
    assert rules.csv_field('my archive description,1"2') == '"my archive description,1\\"2"'


@pytest.mark.documented(GUIDE + "api-PurchaseProvisionedCapacity.html")
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ((2026, 8, 31), (2026, 9, 30)),
        ((2026, 1, 31), (2026, 2, 28)),
        ((2026, 12, 5), (2027, 1, 5)),
        ((2028, 1, 30), (2028, 2, 29)),
    ],
)
def test_a_month_ends_on_the_same_day_or_the_last(start: tuple[int, int, int], end: tuple[int, int, int]) -> None:
    def at(day: tuple[int, int, int]) -> float:
        return datetime(*day, 12, 30, 15, tzinfo=UTC).timestamp()

    assert rules.month_later(at(start) + 0.7) == at(end)


@pytest.mark.ours
@given(st.floats(0, 4e9))
@settings(max_examples=50, deadline=None)
def test_an_instant_is_read_back_to_the_millisecond(at: float) -> None:
    back = rules.instant(rules.iso(at))
    assert back is not None and abs(back - at) < 0.0011


@pytest.mark.ours
@pytest.mark.parametrize("text", ["", "2013-03-20", "2013-13-20T17:03:43Z", "2013-03-20T17:03:43", "yesterday"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert rules.instant(text) is None
