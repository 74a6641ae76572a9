"""An operation can always be run again: what was given up leaves nothing behind, in the store or in memory."""

from __future__ import annotations

from typing import Any

import pytest

from haar import Cloud
from haar.kit.body import BlobUse
from haar.kit.service import Operation
from tests.conformance.rooms import OPERATIONS, id_of
from tests.conformance.witness import rows

pytestmark = pytest.mark.ours
every = pytest.mark.parametrize("operation", OPERATIONS, ids=id_of)

#: Rows that hold the number of a change, or of a lot of receives: one that was given up has used a number up, and that
#: is well.
COUNTED = (b"kit.Epoch\0", b"sqs.Flight\0")


@every
def test_the_life_of_a_cloud_knows_every_operation(life: Any, operation: Operation) -> None:
    assert life.calls(operation), "a new operation has its place in tests/conformance/life"


@every
def test_a_run_that_was_given_up_leaves_no_row(rehearsed: Any, operation: Operation) -> None:
    assert not [one for one in rehearsed.calls(operation) if one.left]


@every
def test_a_second_run_answers_what_the_first_one_did(rehearsed: Any, operation: Operation) -> None:
    for one in rehearsed.calls(operation):
        assert one.rehearsed == one.body


@every
def test_a_second_run_answers_what_a_single_one_would(life: Any, rehearsed: Any, operation: Operation) -> None:
    assert [one.body for one in rehearsed.calls(operation)] == [one.body for one in life.calls(operation)]


def test_all_that_is_kept_is_what_single_runs_would_keep(life: Any, rehearsed: Any) -> None:
    once, again = rows(life.cloud), rows(rehearsed.cloud)
    # a row that holds large bytes names them by chance; that the same rows hold some is told by what uses blobs
    named = [use.blob.encode() for one in (life, rehearsed) for use in uses(one.cloud)]
    other = {key for key in once.keys() | again.keys() if once.get(key) != again.get(key)}
    plain = {key for key in other if not any(name in once.get(key, b"") + again.get(key, b"") for name in named)}
    assert not {key for key in plain if not key.startswith(COUNTED)}
    assert sorted(use.holder for use in uses(life.cloud)) == sorted(use.holder for use in uses(rehearsed.cloud))


def uses(cloud: Cloud) -> list[BlobUse]:
    """Which rows hold blobs."""
    with cloud.store.transaction(write=False) as tx:
        return list(tx.range(BlobUse))
