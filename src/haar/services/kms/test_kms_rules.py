"""What ciphertexts and contexts are made of, and keys under many random rotations."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haar import Cloud
from haar.services.kms.rules import canonical, header_of, is_key_id, read_header

pytestmark = pytest.mark.ours

contexts = st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=4)
digits = st.text("0123456789abcdef", min_size=32, max_size=32)


@given(contexts, contexts)
def test_contexts_are_the_same_bytes_exactly_when_they_are_the_same(one: dict[str, str], other: dict[str, str]) -> None:
    assert (canonical(one) == canonical(other)) is (one == other)


@given(contexts)
def test_the_order_of_a_context_does_not_matter(context: dict[str, str]) -> None:
    assert canonical(dict(reversed(context.items()))) == canonical(context)


@given(st.integers(0, 10**12 - 1), digits, st.booleans(), st.integers(1, 2**32 - 1))
def test_a_ciphertext_names_its_key(account: int, name: str, is_multi: bool, number: int) -> None:
    plain = f"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:]}"
    key_id, owner = f"mrk-{name}" if is_multi else plain, f"{account:012d}"
    assert is_key_id(key_id)
    assert read_header(header_of(owner, key_id, number) + b"\0" * 40) == (owner, key_id, number)


@given(st.binary(max_size=80))
def test_other_bytes_name_no_key(blob: bytes) -> None:
    assert read_header(blob) is None or blob.startswith(b"\x01\x02\x02\x00")


steps = st.lists(
    st.one_of(
        st.tuples(st.just("advance"), st.integers(1, 400)),
        st.tuples(st.just("rotate"), st.just(0)),
        st.tuples(st.just("encrypt"), st.binary(min_size=1, max_size=40)),
        st.tuples(st.just("toggle"), st.just(0)),
    ),
    max_size=14,
)


@settings(max_examples=25, deadline=None)
@given(steps)
def test_whatever_happens_to_a_key_it_decrypts_all_it_encrypted(taken: list[tuple[str, Any]]) -> None:
    with Cloud(seed=1) as cloud:
        kms = cloud.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
        kept: list[tuple[bytes, bytes]] = []
        enabled = True
        for step, value in taken:
            if step == "advance":
                cloud.advance(days=value)
            elif step == "toggle":
                (kms.disable_key if enabled else kms.enable_key)(KeyId=key)
                enabled = not enabled
            elif enabled and step == "rotate":
                kms.rotate_key_on_demand(KeyId=key)
            elif enabled:
                kept.append((kms.encrypt(KeyId=key, Plaintext=value)["CiphertextBlob"], value))
        kms.enable_key(KeyId=key)
        cloud.advance(seconds=1)
        assert [kms.decrypt(CiphertextBlob=blob)["Plaintext"] for blob, _ in kept] == [value for _, value in kept]
