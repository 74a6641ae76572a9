"""Who may drive a cloud through `/_haar/`: programs of this machine, root's signature, never a web page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from haar.auth.principal import RootKey
from haar.cloud import Cloud
from haar.testing.server import Running
from tests.gateway.asking import code, get, post, send, signed

pytestmark = pytest.mark.ours

KEY, SECRET = "AKIAQQQQQQQQQQQQQQQQ", "a-secret-that-nobody-else-knows"


@pytest.fixture
def reachable() -> Iterator[Cloud]:
    """A cloud that other machines can reach, with a root key."""
    with Cloud(host="0.0.0.0") as cloud:
        with cloud.store.transaction() as tx:
            tx.put(RootKey(access_key=KEY, secret=SECRET, account="000000000000"))
        yield cloud


# --- browsers ----------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:4566", "http://localhost", "null"])
def test_a_request_from_a_web_page_is_refused(cloud: Cloud, origin: str) -> None:
    assert code(post(cloud, "reset", origin=origin)) == (403, "FromABrowser")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin"])
def test_a_request_that_a_browser_makes_for_a_page_is_refused(cloud: Cloud, site: str) -> None:
    assert code(get(cloud, "health", sec_fetch_site=site)) == (403, "FromABrowser")


def test_an_address_typed_into_a_browser_is_answered(cloud: Cloud) -> None:
    assert get(cloud, "health", sec_fetch_site="none")[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4566", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.0.7", ""]
)
def test_a_request_to_a_foreign_host_is_refused(cloud: Cloud, host: str) -> None:
    assert code(get(cloud, "health", host=host)) == (403, "ForeignHost")


def test_a_request_without_a_host_is_refused(cloud: Cloud) -> None:
    assert code(send(cloud, "GET", "health", "", b"", {})) == (403, "ForeignHost")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:4566", "localhost:1", "LOCALHOST", "[::1]:4566", "haar.localhost:4566", "localhost."],
)
def test_every_name_of_this_machine_itself_is_answered(cloud: Cloud, host: str) -> None:
    assert get(cloud, "health", host=host)[0] == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_a_body_that_a_page_could_send_unasked_is_refused(cloud: Cloud, kind: str) -> None:
    assert code(post(cloud, "reset", content_type=kind)) == (415, "NotJson")


def test_a_preflight_gets_no_permission(haar_server: Running) -> None:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", int(haar_server.url.rpartition(":")[2]), timeout=10)
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    connection.request("OPTIONS", "/_haar/reset", headers=asked)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 403
    assert not [name for name, _ in answer.getheaders() if name.lower().startswith("access-control-")]


def test_nothing_happened_when_a_request_was_refused(cloud: Cloud) -> None:
    cloud.client("sqs").create_queue(QueueName="kept")
    post(cloud, "reset", origin="http://evil.example")
    assert cloud.client("sqs").list_queues()["QueueUrls"]


# --- other machines ------------------------------------------------------------------


def test_other_machines_must_sign(reachable: Cloud) -> None:
    assert code(get(reachable, "health")) == (403, "NotSigned")


def test_roots_signature_opens_the_door(reachable: Cloud) -> None:
    headers = signed(KEY, SECRET, "GET", "/_haar/health")
    assert send(reachable, "GET", "health", "", b"", headers)[0] == 200


def test_a_signature_with_the_wrong_secret_is_refused(reachable: Cloud) -> None:
    headers = signed(KEY, "guessed", "GET", "/_haar/health")
    assert code(send(reachable, "GET", "health", "", b"", headers)) == (403, "SignatureDoesNotMatch")


def test_the_signature_covers_the_body(reachable: Cloud) -> None:
    headers = signed(KEY, SECRET, "POST", "/_haar/reset", b'{"account":"111122223333"}')
    answer = send(reachable, "POST", "reset", "", b"{}", headers)
    assert code(answer) == (403, "SignatureDoesNotMatch")


def test_a_signature_for_another_service_is_refused(reachable: Cloud) -> None:
    headers = signed(KEY, SECRET, "GET", "/_haar/health", service="sqs")
    assert code(send(reachable, "GET", "health", "", b"", headers)) == (403, "NotSigned")


@pytest.mark.parametrize("key", ["test", "000000000000", "111122223333"])
def test_development_keys_do_not_open_the_door(reachable: Cloud, key: str) -> None:
    headers = signed(key, "test", "GET", "/_haar/health")
    assert code(send(reachable, "GET", "health", "", b"", headers)) == (403, "InvalidClientTokenId")


def test_an_administrator_is_not_root(reachable: Cloud) -> None:
    iam = reachable.client("iam", access_key=KEY, secret_key=SECRET)
    iam.create_user(UserName="ann")
    iam.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    headers = signed(key["AccessKeyId"], key["SecretAccessKey"], "GET", "/_haar/health")
    assert code(send(reachable, "GET", "health", "", b"", headers)) == (403, "NotRoot")


def test_a_signed_request_from_a_page_is_refused(reachable: Cloud) -> None:
    headers = signed(KEY, SECRET, "GET", "/_haar/health") | {"origin": "http://evil.example"}
    assert code(send(reachable, "GET", "health", "", b"", headers)) == (403, "FromABrowser")


def test_a_reset_leaves_the_root_key(reachable: Cloud) -> None:
    send(reachable, "POST", "reset", "", b"{}", signed(KEY, SECRET, "POST", "/_haar/reset", b"{}"))
    headers = signed(KEY, SECRET, "GET", "/_haar/health")
    assert send(reachable, "GET", "health", "", b"", headers)[0] == 200


def test_a_loaded_cloud_does_not_bring_its_root_keys(reachable: Cloud, tmp_path: object) -> None:
    file = f"{tmp_path}/other.haar"
    with Cloud(host="0.0.0.0") as other:
        with other.store.transaction() as tx:
            tx.put(RootKey(access_key="AKIAZZZZZZZZZZZZZZZZ", secret="theirs", account="000000000000"))
        other.save(file)
    body = b'{"path":"%s"}' % file.encode()
    assert send(reachable, "POST", "load", "", body, signed(KEY, SECRET, "POST", "/_haar/load", body))[0] == 200
    theirs = signed("AKIAZZZZZZZZZZZZZZZZ", "theirs", "GET", "/_haar/health")
    assert code(send(reachable, "GET", "health", "", b"", theirs)) == (403, "InvalidClientTokenId")
