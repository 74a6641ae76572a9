"""Access control lists and who owns what."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.services.s3.acls import LOG_DELIVERY
from haar.services.s3.public import ALL_USERS, AUTHENTICATED_USERS
from haar.services.s3.resources import account_of, canonical_id

ACLS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html"
OWNERSHIP = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html"
ERRORS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-ownership-error-responses.html"
BLOCK = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"
pytestmark = pytest.mark.documented(ACLS)
ACCOUNT, OTHER = "000000000000", "111111111111"
ME, THEM = canonical_id(ACCOUNT), canonical_id(OTHER)
MINE = {"Grantee": {"ID": ME, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket in which ACLs count and nothing is blocked."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="house", ObjectOwnership="ObjectWriter")
    client.delete_public_access_block(Bucket="house")
    client.put_object(Bucket="house", Key="k", Body=b"x")
    return client


def other(cloud: Cloud) -> Any:
    return cloud.client("s3", access_key=OTHER, secret_key="test")


def nobody(cloud: Cloud) -> Any:
    return cloud.client("s3", access_key=None)


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def grants(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["Grantee"].get("ID") or one["Grantee"]["URI"], one["Permission"]) for one in found["Grants"]]


# --- off -------------------------------------------------------------------------------------------------------------


@pytest.mark.fact("S3ACL-003")
def test_a_new_bucket_has_no_acls(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="house")
    s3.put_object(Bucket="house", Key="k", Body=b"x")
    with pytest.raises(ClientError) as caught:
        s3.put_object_acl(Bucket="house", Key="k", ACL="public-read")
    assert code(caught) == "AccessControlListNotSupported"


@pytest.mark.documented(ERRORS)
def test_an_upload_with_an_acl_is_refused_where_there_are_none(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="house")
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket="house", Key="k", Body=b"x", ACL="public-read")
    assert code(caught) == "AccessControlListNotSupported"


@pytest.mark.documented(OWNERSHIP)
def test_an_upload_may_always_give_the_bucket_owner_full_control(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="house")
    s3.put_object(Bucket="house", Key="k", Body=b"x", ACL="bucket-owner-full-control")
    assert s3.get_object_acl(Bucket="house", Key="k")["Grants"] == [MINE]


@pytest.mark.documented(ERRORS)
def test_a_bucket_with_an_acl_cannot_be_made_where_there_are_none(cloud: Cloud) -> None:
    with pytest.raises(ClientError) as caught:
        cloud.client("s3").create_bucket(Bucket="house", ACL="public-read")
    assert code(caught) == "InvalidBucketAclWithObjectOwnership"


@pytest.mark.documented(ERRORS)
def test_acls_cannot_be_switched_off_while_a_bucket_grants_something(s3: Any) -> None:
    s3.put_bucket_acl(Bucket="house", ACL="public-read")
    off: Any = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_ownership_controls(Bucket="house", OwnershipControls=off)
    assert code(caught) == "InvalidBucketAclWithObjectOwnership"


@pytest.mark.documented(OWNERSHIP)
def test_acls_that_are_switched_off_grant_nothing(cloud: Cloud, s3: Any) -> None:
    s3.put_object_acl(Bucket="house", Key="k", ACL="public-read")
    off: Any = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket="house", OwnershipControls=off)
    with pytest.raises(ClientError) as caught:
        nobody(cloud).get_object(Bucket="house", Key="k")
    assert code(caught) == "AccessDenied"


@pytest.mark.documented(OWNERSHIP)
def test_ownership_controls_are_kept_and_taken_away(s3: Any) -> None:
    rules = s3.get_bucket_ownership_controls(Bucket="house")["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "ObjectWriter"}]
    s3.delete_bucket_ownership_controls(Bucket="house")
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_ownership_controls(Bucket="house")
    assert code(caught) == "OwnershipControlsNotFoundError"


# --- on: reading and writing them ------------------------------------------------------------------------------------


def test_without_words_everything_is_its_owners_alone(s3: Any) -> None:
    assert s3.get_bucket_acl(Bucket="house") | {"ResponseMetadata": 0} == {
        "Owner": {"ID": ME}, "Grants": [MINE], "ResponseMetadata": 0,
    }  # fmt: skip


CANNED = [
    ("public-read", [(ME, "FULL_CONTROL"), (ALL_USERS, "READ")]),
    ("public-read-write", [(ME, "FULL_CONTROL"), (ALL_USERS, "READ"), (ALL_USERS, "WRITE")]),
    ("authenticated-read", [(ME, "FULL_CONTROL"), (AUTHENTICATED_USERS, "READ")]),
    ("log-delivery-write", [(ME, "FULL_CONTROL"), (LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")]),
    ("private", [(ME, "FULL_CONTROL")]),
]


@pytest.mark.parametrize(("name", "expected"), CANNED)
def test_a_canned_acl_of_a_bucket_stands_for_its_grants(s3: Any, name: str, expected: list[tuple[str, str]]) -> None:
    s3.put_bucket_acl(Bucket="house", ACL=name)
    assert grants(s3.get_bucket_acl(Bucket="house")) == expected


def test_grants_in_headers_are_those_of_the_object(s3: Any) -> None:
    s3.put_object(
        Bucket="house", Key="k", Body=b"x", GrantRead=f'id="{THEM}", uri="{ALL_USERS}"', GrantFullControl=f"id={ME}"
    )
    expected = [(ME, "FULL_CONTROL"), (THEM, "READ"), (ALL_USERS, "READ")]
    assert grants(s3.get_object_acl(Bucket="house", Key="k")) == expected


def test_an_acl_in_a_document_is_kept(s3: Any) -> None:
    theirs = {"Grantee": {"ID": THEM, "Type": "CanonicalUser"}, "Permission": "READ_ACP"}
    document = {"Owner": {"ID": ME}, "Grants": [MINE, theirs]}
    s3.put_object_acl(Bucket="house", Key="k", AccessControlPolicy=document)
    assert s3.get_object_acl(Bucket="house", Key="k")["Grants"] == [MINE, theirs]


WRONG = [
    ({"ACL": "everything"}, "InvalidArgument"),
    ({"ACL": "private", "GrantRead": f"id={THEM}"}, "InvalidRequest"),
    ({"GrantRead": "id=nobody"}, "InvalidArgument"),
    ({"GrantRead": "uri=http://example.com/group"}, "InvalidArgument"),
    ({"GrantRead": "somebody"}, "InvalidArgument"),
    ({"GrantRead": 'emailAddress="a@example.com"'}, "UnresolvableGrantByEmailAddress"),
    ({}, "MissingSecurityHeader"),
    ({"AccessControlPolicy": {"Grants": [MINE]}}, "MalformedACLError"),
    ({"AccessControlPolicy": {"Owner": {"ID": THEM}, "Grants": [MINE]}}, "AccessDenied"),
]


@pytest.mark.parametrize(("given", "expected"), WRONG)
def test_an_acl_that_is_none_is_refused(s3: Any, given: dict[str, Any], expected: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_acl(Bucket="house", **given)
    assert code(caught) == expected


@pytest.mark.documented(BLOCK)
def test_a_public_acl_is_refused_where_that_is_blocked(s3: Any) -> None:
    s3.put_public_access_block(Bucket="house", PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket="house", Key="k", Body=b"x", ACL="public-read")
    assert code(caught) == "AccessDenied"


@pytest.mark.documented(BLOCK)
def test_a_public_acl_can_be_ignored(cloud: Cloud, s3: Any) -> None:
    s3.put_object_acl(Bucket="house", Key="k", ACL="public-read")
    assert nobody(cloud).get_object(Bucket="house", Key="k")["Body"].read() == b"x"
    s3.put_public_access_block(Bucket="house", PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    with pytest.raises(ClientError) as caught:
        nobody(cloud).get_object(Bucket="house", Key="k")
    assert code(caught) == "AccessDenied"


# --- on: what they allow ---------------------------------------------------------------------------------------------


@pytest.mark.fact("S3ACL-003")
def test_an_acl_opens_one_object_and_not_its_neighbour(cloud: Cloud, s3: Any) -> None:
    s3.put_object(Bucket="house", Key="other", Body=b"y")
    s3.put_object_acl(Bucket="house", Key="k", ACL="public-read")
    assert nobody(cloud).get_object(Bucket="house", Key="k")["Body"].read() == b"x"
    with pytest.raises(ClientError) as caught:
        nobody(cloud).get_object(Bucket="house", Key="other")
    assert code(caught) == "AccessDenied"


def test_authenticated_users_are_everybody_with_an_account(cloud: Cloud, s3: Any) -> None:
    s3.put_object_acl(Bucket="house", Key="k", ACL="authenticated-read")
    assert other(cloud).get_object(Bucket="house", Key="k")["Body"].read() == b"x"
    with pytest.raises(ClientError) as caught:
        nobody(cloud).get_object(Bucket="house", Key="k")
    assert code(caught) == "AccessDenied"


def test_a_grant_to_an_account_lets_that_account_in(cloud: Cloud, s3: Any) -> None:
    s3.put_object_acl(Bucket="house", Key="k", GrantRead=f"id={THEM}")
    assert other(cloud).get_object(Bucket="house", Key="k")["Body"].read() == b"x"
    with pytest.raises(ClientError) as caught:
        cloud.client("s3", access_key="222222222222", secret_key="test").get_object(Bucket="house", Key="k")
    assert code(caught) == "AccessDenied"


def test_read_on_a_bucket_is_to_list_it(cloud: Cloud, s3: Any) -> None:
    s3.put_bucket_acl(Bucket="house", ACL="public-read")
    assert nobody(cloud).list_objects_v2(Bucket="house")["KeyCount"] == 1
    with pytest.raises(ClientError) as caught:
        nobody(cloud).get_object(Bucket="house", Key="k")
    assert code(caught) == "AccessDenied"


def test_write_on_a_bucket_is_to_put_into_it(cloud: Cloud, s3: Any) -> None:
    s3.put_bucket_acl(Bucket="house", GrantWrite=f"id={THEM}", GrantFullControl=f"id={ME}")
    other(cloud).put_object(Bucket="house", Key="theirs", Body=b"y")
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="house")["Contents"]] == ["k", "theirs"]


def test_read_acp_is_to_read_the_acl(cloud: Cloud, s3: Any) -> None:
    s3.put_bucket_acl(Bucket="house", GrantReadACP=f"id={THEM}")
    assert grants(other(cloud).get_bucket_acl(Bucket="house")) == [(THEM, "READ_ACP")]


# --- whose it is -----------------------------------------------------------------------------------------------------


def lend(s3: Any) -> None:
    s3.put_bucket_acl(Bucket="house", GrantWrite=f"id={THEM}", GrantFullControl=f"id={ME}")


@pytest.mark.documented(OWNERSHIP)
def test_who_writes_an_object_owns_it(cloud: Cloud, s3: Any) -> None:
    lend(s3)
    other(cloud).put_object(Bucket="house", Key="theirs", Body=b"y")
    assert other(cloud).get_object(Bucket="house", Key="theirs")["Body"].read() == b"y"
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="house", Key="theirs")
    assert code(caught) == "AccessDenied"


@pytest.mark.documented(OWNERSHIP)
def test_the_owner_of_a_bucket_can_delete_what_others_own(cloud: Cloud, s3: Any) -> None:
    lend(s3)
    other(cloud).put_object(Bucket="house", Key="theirs", Body=b"y")
    s3.delete_object(Bucket="house", Key="theirs")
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="house")["Contents"]] == ["k"]


@pytest.mark.documented(ACLS)
def test_what_an_anonymous_writer_owns_is_nobody_elses(cloud: Cloud, s3: Any) -> None:
    s3.put_bucket_acl(Bucket="house", ACL="public-read-write")
    nobody(cloud).put_object(Bucket="house", Key="found", Body=b"y")
    with pytest.raises(ClientError) as caught:
        other(cloud).get_object(Bucket="house", Key="found")
    assert code(caught) == "AccessDenied"
    s3.delete_object(Bucket="house", Key="found")


@pytest.mark.documented(ACLS)
def test_who_may_write_into_a_bucket_deletes_its_own_and_not_what_others_own(cloud: Cloud, s3: Any) -> None:
    lend(s3)
    other(cloud).put_object(Bucket="house", Key="theirs", Body=b"y")
    other(cloud).delete_object(Bucket="house", Key="theirs")
    with pytest.raises(ClientError) as caught:
        other(cloud).delete_object(Bucket="house", Key="k")
    assert code(caught) == "AccessDenied"


@pytest.mark.documented(OWNERSHIP)
def test_a_copy_over_what_others_own_is_decided_by_the_bucket(cloud: Cloud, s3: Any) -> None:
    lend(s3)
    other(cloud).put_object(Bucket="house", Key="theirs", Body=b"y")
    s3.copy_object(Bucket="house", Key="theirs", CopySource="house/k")
    assert s3.get_object(Bucket="house", Key="theirs")["Body"].read() == b"x"


@pytest.mark.documented(OWNERSHIP)
def test_the_writer_can_let_the_owner_of_the_bucket_in(cloud: Cloud, s3: Any) -> None:
    lend(s3)
    other(cloud).put_object(Bucket="house", Key="theirs", Body=b"y", ACL="bucket-owner-full-control")
    assert s3.get_object(Bucket="house", Key="theirs")["Body"].read() == b"y"
    assert grants(s3.get_object_acl(Bucket="house", Key="theirs")) == [(THEM, "FULL_CONTROL"), (ME, "FULL_CONTROL")]


@pytest.mark.documented(OWNERSHIP)
def test_where_the_bucket_owner_is_preferred_full_control_gives_the_object_away(cloud: Cloud, s3: Any) -> None:
    lend(s3)
    preferred: Any = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket="house", OwnershipControls=preferred)
    other(cloud).put_object(Bucket="house", Key="given", Body=b"y", ACL="bucket-owner-full-control")
    other(cloud).put_object(Bucket="house", Key="kept", Body=b"y")
    assert s3.get_object_acl(Bucket="house", Key="given")["Owner"] == {"ID": ME}
    assert other(cloud).get_object_acl(Bucket="house", Key="kept")["Owner"] == {"ID": THEM}


@pytest.mark.ours
@pytest.mark.parametrize("account", [ACCOUNT, OTHER, "999999999999"])
def test_a_canonical_user_id_leads_back_to_its_account(account: str) -> None:
    assert account_of(canonical_id(account)) == account
    assert account_of("f" * 64) is None
