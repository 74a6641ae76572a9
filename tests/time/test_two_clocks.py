"""What the cloud does obeys the virtual clock; whether a client's clock is right is asked of the real one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.clock import Clock
from haar.wire.http import HttpRequest
from tests.clients.people import allow, document, user

SIGNING = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"
PRESIGNED = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html"
TEMPORARY = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html"


def ahead_by(minutes: float) -> Callable[[], float]:
    """A real clock so far ahead of the client's."""
    return lambda: time.time() + 60 * minutes


@pytest.mark.documented(SIGNING)
@pytest.mark.parametrize("minutes", [14, -14])
def test_a_request_signed_fourteen_minutes_off_is_taken(minutes: int) -> None:
    with Cloud(clock=Clock(real=ahead_by(minutes))) as cloud:
        assert cloud.client("sts").get_caller_identity()["Account"] == "000000000000"


@pytest.mark.documented(SIGNING)
@pytest.mark.parametrize(("minutes", "words"), [(16, "Signature expired"), (-16, "Signature not yet current")])
def test_a_request_signed_sixteen_minutes_off_is_refused(minutes: int, words: str) -> None:
    with Cloud(clock=Clock(real=ahead_by(minutes))) as cloud, pytest.raises(ClientError, match=words) as caught:
        cloud.client("sts").get_caller_identity()
    assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


@pytest.mark.ours
def test_a_cloud_years_ahead_takes_todays_signatures(cloud: Cloud) -> None:
    cloud.advance(days=2000)
    assert cloud.client("sts").get_caller_identity()["Account"] == "000000000000"


# --- temporary credentials ------------------------------------------------------------


def session(cloud: Cloud, seconds: int) -> dict[str, Any]:
    """The credentials of a role session, as options of a client."""
    iam = cloud.client("iam")
    keys = user(iam, "alice", allow("sts:AssumeRole"))
    trust = document({"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"})
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    sts = cloud.client("sts", **keys._asdict())
    made = sts.assume_role(RoleArn=role, RoleSessionName="session", DurationSeconds=seconds)["Credentials"]
    return {"access_key": made["AccessKeyId"], "secret_key": made["SecretAccessKey"], "token": made["SessionToken"]}


@pytest.mark.fact("STS-001")
def test_a_session_ends_by_the_virtual_clock(cloud: Cloud) -> None:
    cloud.scheduler.bend(rate=0)
    sts = cloud.client("sts", **session(cloud, 900))
    cloud.advance(seconds=899)
    assert sts.get_caller_identity()["Arn"] == "arn:aws:sts::000000000000:assumed-role/worker/session"
    cloud.advance(seconds=1)
    with pytest.raises(ClientError, match="ExpiredToken"):
        sts.get_caller_identity()


@pytest.mark.documented(TEMPORARY)
def test_a_session_begun_after_a_jump_is_as_long_as_any(cloud: Cloud) -> None:
    cloud.advance(days=40)
    sts = cloud.client("sts", **session(cloud, 900))
    cloud.advance(seconds=800)
    assert sts.get_caller_identity()["Account"] == "000000000000"


# --- presigned requests -----------------------------------------------------------------


def presigned(cloud: Cloud, seconds: int) -> HttpRequest:
    """A presigned GetCallerIdentity, as a program without a key would send it."""
    url = urlsplit(
        cloud.client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=seconds, HttpMethod="GET")
    )
    return HttpRequest("GET", "/", url.query, {"host": url.netloc}, b"", "127.0.0.1", url.scheme)


def again(http: HttpRequest) -> HttpRequest:
    """The same request once more."""
    return HttpRequest(http.method, http.path, http.query, dict(http.headers), http.body, http.client, http.scheme)


@pytest.mark.fact("S3PRE-005")
def test_a_presigned_url_speaks_for_its_signer(cloud: Cloud) -> None:
    reply = cloud.handle(presigned(cloud, 60))
    assert reply.status == 200
    assert b"arn:aws:iam::000000000000:root" in reply.body


@pytest.mark.documented(PRESIGNED)
def test_a_presigned_url_expires_by_the_virtual_clock(cloud: Cloud) -> None:
    http = presigned(cloud, 60)
    assert cloud.handle(again(http)).status == 200
    cloud.advance(minutes=17)  # AWS's services but S3 allow a quarter of an hour beyond
    late = cloud.handle(again(http))
    assert late.status == 400
    assert b"<Code>RequestExpired</Code>" in late.body


@pytest.mark.ours
def test_a_presigned_url_made_after_a_jump_is_fresh() -> None:
    # a signature names its second and no more: one made within the second of a jump counts as made before it
    slow = [0.0]
    with Cloud(clock=Clock(real=lambda: time.time() - slow[0])) as cloud:
        slow[0] = 2.0
        cloud.scheduler.bend(to=cloud.clock.now() + 40 * 86_400)
        slow[0] = 0.0
        assert cloud.handle(presigned(cloud, 60)).status == 200


@pytest.mark.ours
def test_a_presigned_url_made_before_a_jump_has_aged_by_it(cloud: Cloud) -> None:
    http = presigned(cloud, 60)
    cloud.advance(days=40)
    assert b"<Code>RequestExpired</Code>" in cloud.handle(http).body
