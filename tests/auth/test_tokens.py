"""Session tokens carry the session, and nobody but the cloud can write one."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haar.auth import tokens
from haar.auth.tokens import Session
from haar.errors import ServiceError

KEY = b"k" * 32
DOC = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html"

SESSION = Session(
    access_key="ASIAEXAMPLE000000001",
    account="111122223333",
    kind="role",
    arn="arn:aws:sts::111122223333:assumed-role/reader/alice",
    issuer="arn:aws:iam::111122223333:role/reader",
    id="AROAEXAMPLE00000001:alice",
    name="reader",
    session_name="alice",
    issued_at=1000.5,
    expires_at=4600.5,
    policies=('{"Version":"2012-10-17","Statement":[]}',),
    policy_arns=("arn:aws:iam::aws:policy/ReadOnlyAccess",),
    tags={"team": "blue"},
    transitive_tags=("team",),
    source_identity="alice@example.com",
    context={"saml:sub": ("alice",)},
)

sessions = st.builds(
    Session,
    access_key=st.text("ABCDEFGHIJKLMNOP234567", min_size=16, max_size=20),
    account=st.text("0123456789", min_size=12, max_size=12),
    kind=st.sampled_from(tokens.KINDS),
    arn=st.text(max_size=60),
    issued_at=st.floats(0, 4e9),
    expires_at=st.floats(0, 4e9),
    mfa_at=st.none() | st.floats(0, 4e9),
    policies=st.lists(st.text(max_size=100), max_size=3).map(tuple),
    tags=st.dictionaries(st.text(max_size=10), st.text(max_size=10), max_size=4),
    context=st.dictionaries(st.text(max_size=10), st.lists(st.text(max_size=5), max_size=2).map(tuple), max_size=3),
)


@pytest.mark.ours
@given(sessions)
def test_a_token_opens_to_the_session_it_was_minted_for(session: Session) -> None:
    secret, token = tokens.mint(KEY, session)
    assert tokens.open(KEY, token, session.access_key) == (session, secret)


@pytest.mark.ours
def test_a_secret_has_forty_characters() -> None:
    assert len(tokens.mint(KEY, SESSION)[0]) == 40


@pytest.mark.ours
def test_secrets_differ_by_access_key_and_by_cloud() -> None:
    secrets = {tokens.secret_of(KEY, "ASIA1"), tokens.secret_of(KEY, "ASIA2"), tokens.secret_of(b"x" * 32, "ASIA1")}
    assert len(secrets) == 3


@pytest.mark.documented(DOC)
def test_a_token_with_another_access_key_is_refused() -> None:
    _, token = tokens.mint(KEY, SESSION)
    with pytest.raises(ServiceError, match="InvalidClientTokenId: The security token included in the request is inv"):
        tokens.open(KEY, token, "ASIAEXAMPLE000000002")


@pytest.mark.ours
def test_a_token_of_another_cloud_is_refused_even_after_its_own_cloud_opened_it() -> None:
    _, token = tokens.mint(KEY, SESSION)
    tokens.open(KEY, token, SESSION.access_key)
    with pytest.raises(ServiceError, match="InvalidClientTokenId"):
        tokens.open(b"x" * 32, token, SESSION.access_key)


@pytest.mark.ours
@given(st.data())
def test_a_token_with_any_character_changed_is_refused(data: st.DataObject) -> None:
    _, token = tokens.mint(KEY, SESSION)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="latin-1").filter(lambda c: c != token[place]))
    with pytest.raises(ServiceError, match="InvalidClientTokenId"):
        tokens.open(KEY, token[:place] + other + token[place + 1 :], SESSION.access_key)


@pytest.mark.ours
@pytest.mark.parametrize("more", ["=", "==", "\n", " ", "!", "A"])
def test_another_spelling_of_a_token_is_refused(more: str) -> None:
    _, token = tokens.mint(KEY, SESSION)
    with pytest.raises(ServiceError, match="InvalidClientTokenId"):
        tokens.open(KEY, token + more, SESSION.access_key)


@pytest.mark.ours
@given(st.integers(0, 10_000))
def test_a_token_cut_short_is_refused(length: int) -> None:
    _, token = tokens.mint(KEY, SESSION)
    with pytest.raises(ServiceError, match="InvalidClientTokenId"):
        tokens.open(KEY, token[: length % len(token)], SESSION.access_key)


@pytest.mark.ours
@given(st.text() | st.binary().map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_noise_is_refused(noise: str) -> None:
    with pytest.raises(ServiceError, match="InvalidClientTokenId"):
        tokens.open(KEY, noise, SESSION.access_key)


@pytest.mark.ours
def test_a_session_changed_and_sealed_again_without_the_key_is_refused() -> None:
    _, token = tokens.mint(KEY, SESSION)
    raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    forged = raw.replace(b"reader", b"admins")
    with pytest.raises(ServiceError, match="InvalidClientTokenId"):
        tokens.open(KEY, urlsafe_b64encode(forged).decode().rstrip("="), SESSION.access_key)


@pytest.mark.ours
def test_an_expired_session_still_opens_because_expiry_has_an_answer_of_its_own() -> None:
    _, token = tokens.mint(KEY, SESSION)
    assert tokens.open(KEY, token, SESSION.access_key)[0].expires_at == 4600.5
