"""Ids that last: what has a number keeps it, whatever is added, left out or found anew."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from segue_model.ingest.registry import Registry

KEYS = st.lists(st.text(st.characters(codec="utf-8"), max_size=3), max_size=8)


def numbered(registry: Registry, keys: list[str]) -> dict[str, int]:
    ids = registry.number("song", pa.array(keys, pa.string()))
    return dict(zip(keys, ids.tolist(), strict=True))


def test_new_keys_are_numbered_from_1_in_the_order_given() -> None:
    assert numbered(Registry(), ["b", "a", "c"]) == {"b": 1, "a": 2, "c": 3}


def test_a_key_that_is_there_twice_has_one_id() -> None:
    ids = Registry().number("song", pa.array(["a", "b", "a"]))

    assert ids.tolist() == [1, 2, 1]


def test_kinds_are_numbered_apart() -> None:
    registry = Registry()
    numbered(registry, ["a", "b"])

    assert registry.number("artist", pa.array(["x"])).tolist() == [1]


def test_the_id_of_a_song_that_is_gone_goes_to_no_other() -> None:
    registry = Registry()
    numbered(registry, ["a", "b"])
    later = Registry.of(registry.table())

    assert numbered(later, ["c"]) == {"c": 3}
    assert numbered(later, ["a"]) == {"a": 1}


@given(st.lists(KEYS, max_size=5))
def test_no_later_run_changes_an_id_or_gives_it_twice(runs: list[list[str]]) -> None:
    known: dict[str, int] = {}
    table = Registry().table()
    for keys in runs:
        registry = Registry.of(table)
        found = numbered(registry, keys)
        assert all(found[key] == known[key] for key in found if key in known)
        known |= found
        table = registry.table()
    assert sorted(known.values()) == list(range(1, len(known) + 1))


def test_numbering_the_same_again_leaves_the_same_registry() -> None:
    registry = Registry()
    numbered(registry, ["b", "a"])
    again = Registry.of(registry.table())
    numbered(again, ["a", "b"])

    assert again.table().equals(registry.table())
