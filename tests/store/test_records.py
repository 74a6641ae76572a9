"""The laws of the store, on every backend."""

from __future__ import annotations

from typing import Any

import pytest

from haar.errors import Conflict
from haar.record import Index, Record, key, on_change, replace
from haar.store import Store, Transaction

pytestmark = pytest.mark.ours


class Item(Record, table="test.Item"):
    shelf: str = key()
    name: str = key()
    weight: float = 0.0
    label: str | None = None


by_weight = Index(Item, "shelf", "weight")
by_label = Index(Item, "label")


class Plain(Record, table="test.Plain"):
    name: str = key()
    text: str = ""


class Session(Record, table="test.Session", expires="ends_at"):
    id: str = key()
    ends_at: float | None = None


def fill(store: Store, *names: str, shelf: str = "a") -> None:
    with store.transaction() as tx:
        for number, name in enumerate(names):
            tx.put(Item(shelf=shelf, name=name, weight=float(number)))


def names(rows: Any) -> list[str]:
    return [row.name for row in rows]


def test_a_record_that_was_put_is_read_back(store: Store) -> None:
    with store.transaction() as tx:
        tx.put(Item(shelf="a", name="x", weight=1.5, label="red"))
    with store.transaction(write=False) as tx:
        assert tx.get(Item, "a", "x") == Item(shelf="a", name="x", weight=1.5, label="red")


def test_a_transaction_reads_its_own_writes(store: Store) -> None:
    with store.transaction() as tx:
        tx.put(Plain(name="x", text="1"))
        assert tx.get(Plain, "x") == Plain(name="x", text="1")
        assert [row.text for row in tx.range(Plain)] == ["1"]


def test_a_record_that_was_never_put_is_none(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.get(Item, "a", "x") is None


def test_put_replaces_the_record_with_the_same_key(store: Store) -> None:
    with store.transaction() as tx:
        tx.put(Plain(name="x", text="1"))
        tx.put(Plain(name="x", text="2"))
        assert list(tx.range(Plain)) == [Plain(name="x", text="2")]


def test_delete_says_whether_there_was_a_row(store: Store) -> None:
    fill(store, "x")
    with store.transaction() as tx:
        assert tx.delete(Item, "a", "x") is True
        assert tx.delete(Item, "a", "x") is False
        assert tx.delete(Plain, "x") is False


def test_a_deleted_record_is_in_no_range_and_no_index(store: Store) -> None:
    fill(store, "x", "y")
    with store.transaction() as tx:
        tx.delete(Item(shelf="a", name="x"))
    with store.transaction() as tx:
        assert names(tx.range(Item, "a")) == ["y"]
        assert names(tx.range(by_weight, "a")) == ["y"]


def test_an_exception_takes_back_the_whole_transaction(store: Store) -> None:
    fill(store, "x")

    def fail() -> None:
        with store.transaction() as tx:
            tx.put(Item(shelf="a", name="y"))
            tx.put(Item(shelf="a", name="x", weight=9.0))
            tx.delete(Item, "a", "x")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with store.transaction() as tx:
        assert list(tx.range(Item)) == [Item(shelf="a", name="x", weight=0.0)]
        assert names(tx.range(by_weight, "a")) == ["x"]


def test_a_transaction_that_has_ended_cannot_be_used(store: Store) -> None:
    tx = store.begin()
    tx.commit()
    with pytest.raises(RuntimeError, match="has ended"):
        tx.get(Plain, "x")


def test_what_was_committed_is_there_after_a_restart(url: str) -> None:
    before = Store.open(url)
    fill(before, "x", "y")
    before.close()
    after = Store.open(url)
    with after.transaction() as tx:
        assert names(tx.range(by_weight, "a", reverse=True)) == ["y", "x"]
    after.close()


def test_rows_come_in_the_order_of_their_keys(store: Store) -> None:
    fill(store, "b", "a", "é", "ab", "B", "", "a\0", "z", "a\1")
    with store.transaction() as tx:
        assert names(tx.range(Item, "a")) == ["", "B", "a", "a\0", "a\1", "ab", "b", "z", "é"]


def test_reverse_is_the_other_order(store: Store) -> None:
    fill(store, "b", "a", "ab")
    with store.transaction() as tx:
        assert names(tx.range(Item, "a", reverse=True)) == ["b", "ab", "a"]


def test_a_prefix_is_whole_fields_not_the_beginning_of_one(store: Store) -> None:
    fill(store, "x", shelf="a")
    fill(store, "y", shelf="ab")
    with store.transaction() as tx:
        assert names(tx.range(Item, "a")) == ["x"]


def test_start_and_stop_are_both_inclusive(store: Store) -> None:
    fill(store, "a", "b", "c", "d")
    with store.transaction() as tx:
        assert names(tx.range(Item, "a", start="b", stop="c")) == ["b", "c"]
        assert names(tx.range(by_weight, "a", start=1.0, stop=2.0)) == ["b", "c"]
        assert names(tx.range(by_weight, "a", stop=1)) == ["a", "b"]
        assert names(tx.range(by_weight, "a", start=2, reverse=True)) == ["d", "c"]


def test_starts_gives_the_rows_whose_next_field_begins_with_a_text(store: Store) -> None:
    fill(store, "log", "logs", "logs/1", "logs/2", "lot")
    with store.transaction() as tx:
        assert names(tx.range(Item, "a", starts="logs")) == ["logs", "logs/1", "logs/2"]
        assert names(tx.range(Item, "a", starts="logs/", start="logs/2")) == ["logs/2"]


def test_after_continues_behind_a_row(store: Store) -> None:
    fill(store, "a", "b", "c", "d")
    with store.transaction() as tx:
        assert names(tx.range(Item, "a", after=("a", "b"))) == ["c", "d"]
        assert names(tx.range(Item, "a", after=("a", "bb"), limit=1)) == ["c"]
        assert names(tx.range(Item, "a", after=("a", "c"), reverse=True)) == ["b", "a"]


def test_after_continues_in_an_index_where_values_are_equal(store: Store) -> None:
    with store.transaction() as tx:
        for name in "abcd":
            tx.put(Item(shelf="a", name=name, weight=1.0))
        entry = by_weight.entry(Item(shelf="a", name="b", weight=1.0))
        assert names(tx.range(by_weight, "a", after=entry)) == ["c", "d"]


def test_a_shorter_after_skips_all_rows_that_begin_with_it(store: Store) -> None:
    fill(store, "x", "y", shelf="a")
    fill(store, "z", shelf="b")
    with store.transaction() as tx:
        assert names(tx.range(Item, after=("a",))) == ["z"]


def test_limit_ends_a_range(store: Store) -> None:
    fill(store, "a", "b", "c")
    with store.transaction() as tx:
        assert names(tx.range(Item, "a", limit=2)) == ["a", "b"]
        assert names(tx.range(Item, "a", limit=0)) == []


def test_a_range_longer_than_a_page_is_whole(store: Store) -> None:
    wanted = [f"{number:04}" for number in range(700)]
    fill(store, *wanted)
    with store.transaction() as tx:
        assert names(tx.range(Item, "a")) == wanted
        assert names(tx.range(by_weight, "a", reverse=True)) == wanted[::-1]


def test_any_says_whether_there_is_a_row_or_an_index_entry(store: Store) -> None:
    fill(store, "x", shelf="a")
    with store.transaction() as tx:
        assert [tx.any(Item), tx.any(Item, "a"), tx.any(Item, "b")] == [True, True, False]
        assert [tx.any(by_weight, "a"), tx.any(by_weight, "b"), tx.any(by_label)] == [True, False, False]


def test_any_looks_between_its_bounds(store: Store) -> None:
    fill(store, "x", shelf="a")
    with store.transaction() as tx:
        weight = next(tx.range(Item, "a")).weight
        assert [tx.any(by_weight, "a", stop=weight), tx.any(by_weight, "a", stop=weight - 1)] == [True, False]
        assert [tx.any(by_weight, "a", start=weight), tx.any(by_weight, "a", start=weight + 1)] == [True, False]
        assert not tx.any(by_weight, "a", start=weight + 1, stop=weight - 1)


def test_count_counts_rows_and_index_entries(store: Store) -> None:
    fill(store, "x", "y", shelf="a")
    fill(store, "z", shelf="b")
    with store.transaction() as tx:
        assert tx.count(Item) == 3
        assert tx.count(Item, "a") == 2
        assert tx.count(by_weight, "b") == 1
        assert tx.count(by_label) == 0


def test_a_changed_record_moves_in_its_index(store: Store) -> None:
    fill(store, "x", "y")
    with store.transaction() as tx:
        item = tx.get(Item, "a", "x")
        assert item is not None
        tx.put(replace(item, weight=5.0))
    with store.transaction() as tx:
        assert names(tx.range(by_weight, "a")) == ["y", "x"]
        assert tx.count(by_weight) == 2


def test_a_record_whose_indexed_field_is_none_is_left_out_of_that_index(store: Store) -> None:
    with store.transaction() as tx:
        tx.put(Item(shelf="a", name="x", label="red"))
        tx.put(Item(shelf="a", name="y"))
        tx.put(Item(shelf="a", name="x"))
        tx.put(Item(shelf="a", name="y", label="blue"))
        assert names(tx.range(by_label)) == ["y"]


def test_a_row_deleted_while_iterating_does_not_come(store: Store) -> None:
    fill(store, "a", "b", "c")
    seen = []
    with store.transaction() as tx:
        for item in tx.range(Item, "a"):
            seen.append(item.name)
            tx.delete(Item, "a", "b")
    assert seen == ["a", "c"]


def test_a_row_moved_out_of_its_place_while_iterating_an_index_does_not_come_there(store: Store) -> None:
    fill(store, "a", "b", "c")
    seen = []
    with store.transaction() as tx:
        for item in tx.range(by_weight, "a", stop=2.0):
            seen.append(item.name)
            tx.put(Item(shelf="a", name="b", weight=9.0))
    assert seen == ["a", "c"]


def test_a_row_changed_while_iterating_comes_as_it_is(store: Store) -> None:
    fill(store, "a", "b")
    seen = []
    with store.transaction() as tx:
        for item in tx.range(Item, "a"):
            seen.append(item.label)
            tx.put(Item(shelf="a", name="b", label="new"))
    assert seen == [None, "new"]


def test_deleting_every_row_while_iterating_leaves_none(store: Store) -> None:
    fill(store, *(str(number) for number in range(600)))
    with store.transaction() as tx:
        for item in tx.range(Item):
            tx.delete(item)
    with store.transaction() as tx:
        assert tx.count(Item) == 0
        assert tx.count(by_weight) == 0


def test_keys_of_four_kilobytes_keep_their_order(store: Store) -> None:
    long = "k" * 4096
    wanted = [
        long[:400],
        long[:470],
        long[:480],
        long[:700],
        long[:1500],
        long[:3000],
        long,
        long + "a",
        long + "b",
        "l",
    ]
    fill(store, *reversed(wanted))
    with store.transaction() as tx:
        assert names(tx.range(Item, "a")) == wanted
        assert names(tx.range(Item, "a", reverse=True)) == wanted[::-1]
        assert names(tx.range(by_weight, "a")) == wanted[::-1]
        assert names(tx.range(Item, "a", after=("a", long), limit=1)) == [long + "a"]


def test_a_limit_holds_where_long_and_short_keys_mix(store: Store) -> None:
    long = "k" * 3000
    fill(store, long + "a", long + "b", "l", "m", "n")
    with store.transaction() as tx:
        assert names(tx.range(Item, "a", limit=4)) == [long + "a", long + "b", "l", "m"]
        assert names(tx.claim(Item, "a", limit=3)) == [long + "a", long + "b", "l"]


def test_listeners_hear_after_the_commit_which_first_keys_changed(store: Store) -> None:
    heard: list[set[tuple[str, Any]]] = []
    store.on_commit.append(heard.append)
    with store.transaction() as tx:
        tx.put(Item(shelf="a", name="x"))
        tx.put(Item(shelf="a", name="y"))
        tx.put(Plain(name="p"))
        assert heard == []
    assert heard == [{("test.Item", "a"), ("test.Plain", "p")}]


def test_listeners_hear_nothing_of_an_aborted_or_reading_transaction(store: Store) -> None:
    heard: list[set[tuple[str, Any]]] = []
    store.on_commit.append(heard.append)
    tx = store.begin()
    tx.put(Plain(name="x"))
    tx.abort()
    with store.transaction() as reading:
        reading.get(Plain, "x")
    assert heard == []


def test_on_change_runs_in_the_transaction_with_the_old_and_the_new_record(store: Store) -> None:
    class Thing(Record, table="test.Thing"):
        name: str = key()
        size: int = 0

    @on_change(Thing)
    def count(tx: Transaction, old: Thing | None, new: Thing | None) -> None:
        text = f"{old and old.size}->{new and new.size}"
        before = tx.get(Plain, "log")
        tx.put(Plain(name="log", text=f"{before.text if before else ''} {text}"))

    with store.transaction() as tx:
        tx.put(Thing(name="x", size=1))
        tx.put(Thing(name="x", size=2))
        tx.delete(Thing, "x")
    with store.transaction() as tx:
        assert tx.get(Plain, "log") == Plain(name="log", text=" None->1 1->2 2->None")


def test_rows_that_have_run_out_are_deleted_earliest_first(store: Store) -> None:
    with store.transaction() as tx:
        for number in (3, 1, 2):
            tx.put(Session(id=str(number), ends_at=float(number)))
        tx.put(Session(id="for ever"))
        assert tx.next_expiry(Session) == 1.0
        assert tx.expire(Session, 0.5, 10) == 0
        assert tx.expire(Session, 2.5, 1) == 1
        assert [row.id for row in tx.range(Session)] == ["2", "3", "for ever"]
        assert tx.expire(Session, 99.0, 10) == 2
        assert tx.next_expiry(Session) is None


def test_the_store_knows_which_kinds_run_out(store: Store) -> None:
    assert Session in store.expiring()
    assert Plain not in store.expiring()


def test_claim_gives_the_first_rows_of_a_range(store: Store) -> None:
    fill(store, "a", "b", "c")
    with store.transaction() as tx:
        assert names(tx.claim(by_weight, "a", stop=1.0, limit=5)) == ["a", "b"]
        assert names(tx.claim(Item, "a", limit=1)) == ["a"]


def test_rows_of_older_schema_versions_are_upgraded_as_they_are_read(store: Store) -> None:
    class First(Record, table="test.Evolving"):
        name: str = key()
        seconds: int

    class Second(Record, table="test.Evolving", previous=First):
        name: str = key()
        milliseconds: int

        @classmethod
        def upgrade(cls, old: First) -> Second:
            return cls(name=old.name, milliseconds=old.seconds * 1000)

    class Third(Record, table="test.Evolving", previous=Second):
        name: str = key()
        delay: str

        @classmethod
        def upgrade(cls, old: Second) -> Third:
            return cls(name=old.name, delay=f"{old.milliseconds} ms")

    with store.transaction() as tx:
        tx.put(First(name="one", seconds=3))
        tx.put(Second(name="two", milliseconds=5))
        tx.put(Third(name="three", delay="7 ms"))
    with store.transaction() as tx:
        assert [(row.name, row.delay) for row in tx.range(Third)] == [
            ("one", "3000 ms"),
            ("three", "7 ms"),
            ("two", "5 ms"),
        ]


def test_a_new_field_with_a_default_needs_no_upgrade(store: Store) -> None:
    class Narrow(Record, table="test.Wide"):
        name: str = key()

    class Wide(Record, table="test.Wide"):
        name: str = key()
        colour: str = "grey"

    with store.transaction() as tx:
        tx.put(Narrow(name="x"))
    with store.transaction() as tx:
        assert tx.get(Wide, "x") == Wide(name="x", colour="grey")


def two_releases() -> tuple[type[Record], type[Record], Index[Any]]:
    class Before(Record, table="test.Released"):
        name: str = key()
        size: int = 0

    class After(Record, table="test.Released"):
        name: str = key()
        size: int = 0

    return Before, After, Index(After, "size")


def test_an_index_that_a_later_release_declares_is_built_from_the_rows(store: Store) -> None:
    before, after, by_size = two_releases()
    with store.transaction() as tx:
        tx.put(before(name="x", size=2))
        tx.put(before(name="y", size=1))
    with store.transaction() as tx:
        assert names(tx.range(by_size)) == ["y", "x"]
        assert tx.get(after, "x") == after(name="x", size=2)


def test_an_index_built_by_an_aborted_transaction_is_built_again(store: Store) -> None:
    before, _, by_size = two_releases()
    with store.transaction() as tx:
        tx.put(before(name="x", size=2))
    aborted = store.begin()
    assert names(aborted.range(by_size)) == ["x"]
    aborted.abort()
    with store.transaction() as tx:
        assert names(tx.range(by_size)) == ["x"]


def test_an_index_that_was_away_for_a_release_holds_no_stale_entries(store: Store) -> None:
    before, after, by_size = two_releases()
    with store.transaction() as tx:
        tx.put(after(name="x", size=2))
    store.plans.clear()  # a release without the index starts
    with store.transaction() as tx:
        tx.put(before(name="x", size=7))
    store.plans.clear()  # and one that has it again
    with store.transaction() as tx:
        assert names(tx.range(by_size, 2)) == []
        assert names(tx.range(by_size, 7)) == ["x"]


def test_a_reader_that_meets_an_unbuilt_index_has_it_built_and_runs_again(store: Store) -> None:
    before, _, by_size = two_releases()
    with store.transaction() as tx:
        tx.put(before(name="x", size=2))
    reader = store.begin(write=False)
    with pytest.raises(Conflict):
        list(reader.range(by_size))
    reader.abort()
    with store.transaction(write=False) as tx:
        assert names(tx.range(by_size)) == ["x"]


def test_clear_forgets_every_row(store: Store) -> None:
    fill(store, "x", "k" * 3000)
    store.clear()
    with store.transaction() as tx:
        assert tx.count(Item) == 0
        assert tx.count(by_weight) == 0
    fill(store, "y")
    with store.transaction() as tx:
        assert names(tx.range(by_weight, "a")) == ["y"]


def test_sync_returns(store: Store) -> None:
    fill(store, "x")
    store.sync()
    with store.transaction() as tx:
        assert tx.count(Item) == 1
