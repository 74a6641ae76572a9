"""A web page in somebody's browser knows the development keys too, and can sign with them; it gets nowhere."""

from __future__ import annotations

import pytest
from botocore.auth import SigV4QueryAuth

from haar import Cloud
from haar.wire.http import HttpRequest
from tests.clients.people import Keys, allow, user
from tests.clients.signing import signed

pytestmark = pytest.mark.ours


def presigned(host: str = "127.0.0.1:4566", **options: Keys) -> HttpRequest:
    """What a page would put into the address of an image or a form."""
    url = f"http://{host}/?Action=CreateUser&UserName=mallory&Version=2010-05-08"
    return signed("iam", b"", {}, method="GET", url=url, auth=SigV4QueryAuth, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "sign",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-origin"},
    ],
    ids=str,
)
def test_a_page_cannot_use_the_development_keys(cloud: Cloud, sign: dict[str, str]) -> None:
    http = presigned()
    http.headers.update(sign)
    reply = cloud.handle(http)
    assert reply.status == 403
    assert b"Web pages may not use" in reply.body
    assert cloud.client("iam").list_users()["Users"] == []


@pytest.mark.parametrize("host", ["evil.example:4566", "127.0.0.1.evil.example", "localhost.evil.example", "8.8.8.8"])
def test_a_name_that_was_made_to_lead_here_does_not_open_the_door(cloud: Cloud, host: str) -> None:
    assert cloud.handle(presigned(host)).status == 403


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4566", "127.1.2.3", "localhost:4566", "[::1]:4566", "haar:4566", "iam.localhost:4566",
        "iam.amazonaws.com", "sqs.us-east-1.localhost.localstack.cloud:4566",
    ],
)  # fmt: skip
def test_the_names_that_clients_use_are_answered(cloud: Cloud, host: str) -> None:
    assert cloud.handle(presigned(host)).status == 200


def test_an_address_typed_into_a_browser_is_answered(cloud: Cloud) -> None:
    http = presigned()
    http.headers["sec-fetch-site"] = "none"
    assert cloud.handle(http).status == 200


def test_a_page_that_was_given_a_key_of_its_own_may_use_it(cloud: Cloud) -> None:
    keys = user(cloud.client("iam"), "page", allow("iam:CreateUser"))
    http = presigned(keys=keys)
    http.headers["origin"] = "http://localhost:3000"
    assert cloud.handle(http).status == 200
