"""Listings: pages of keys and of versions, prefixes and delimiters, what an entry says."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from haar import Cloud
from haar.services.s3 import listings
from haar.services.s3.resources import canonical_id
from haar.wire.http import HttpRequest

V2 = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html"
V1 = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html"
VERSIONS = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html"
PREFIXES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html"
ROOT = "000000000000"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """A client, and a bucket called `shelf`."""
    client = cloud.client("s3")
    client.create_bucket(Bucket="shelf")
    return client


def fill(s3: Any, *names: str) -> None:
    for name in names:
        s3.put_object(Bucket="shelf", Key=name, Body=b"x")


def names(reply: Any) -> list[str]:
    return [one["Key"] for one in reply.get("Contents", [])]


def groups(reply: Any) -> list[str]:
    return [one["Prefix"] for one in reply.get("CommonPrefixes", [])]


def v2(s3: Any, **more: Any) -> Any:
    return s3.list_objects_v2(Bucket="shelf", **more)


def v1(s3: Any, **more: Any) -> Any:
    return s3.list_objects(Bucket="shelf", **more)


def versions(s3: Any, **more: Any) -> Any:
    return s3.list_object_versions(Bucket="shelf", **more)


def asked_raw(cloud: Cloud, query: str) -> tuple[int, str]:
    """An unsigned GET of the bucket with a query that boto3 would not send, by the public policy of `opened`."""
    reply = cloud.handle(HttpRequest("GET", "/shelf", query, {"host": "localhost"}, b"", "127.0.0.1", "http"))
    return reply.status, bytes(reply.body).decode()


@pytest.fixture
def opened(s3: Any) -> Any:
    """The bucket, which everybody may list."""
    s3.delete_public_access_block(Bucket="shelf")
    policy = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", '
        '"Action": ["s3:ListBucket", "s3:ListBucketVersions"], "Resource": "arn:aws:s3:::shelf"}}'
    )
    s3.put_bucket_policy(Bucket="shelf", Policy=policy)
    return s3


# --- order -----------------------------------------------------------------------------------------------------------


@pytest.mark.fact("S3-010")
def test_keys_come_in_the_order_of_their_utf8_bytes(s3: Any) -> None:
    fill(s3, "b", "a", "c", "é", "Z", "\U0001f600", "\uffee")
    assert names(v2(s3)) == ["Z", "a", "b", "c", "é", "\uffee", "\U0001f600"]


@pytest.mark.documented(V2)
def test_an_entry_says_what_the_object_is(cloud: Cloud, s3: Any) -> None:
    etag = s3.put_object(Bucket="shelf", Key="a", Body=b"hello", StorageClass="STANDARD_IA")["ETag"]
    [entry] = v2(s3)["Contents"]
    at = entry.pop("LastModified")
    assert at.timestamp() == int(cloud.clock.now())
    assert entry == {
        "Key": "a", "ETag": etag, "Size": 5, "StorageClass": "STANDARD_IA", "ChecksumAlgorithm": ["CRC32"],
        "ChecksumType": "FULL_OBJECT",
    }  # fmt: skip


@pytest.mark.documented(V2)
def test_an_empty_bucket_has_an_empty_page(s3: Any) -> None:
    reply = v2(s3)
    assert (reply["KeyCount"], reply["IsTruncated"], reply["MaxKeys"]) == (0, False, 1000)
    assert "Contents" not in reply and "CommonPrefixes" not in reply


@pytest.mark.documented(V2)
def test_what_was_deleted_is_not_listed(s3: Any) -> None:
    fill(s3, "a", "b")
    s3.delete_object(Bucket="shelf", Key="a")
    assert names(v2(s3)) == ["b"]


@pytest.mark.documented(V2)
def test_a_listing_of_no_bucket_is_nosuchbucket(s3: Any) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.list_objects_v2(Bucket="nowhere")


# --- pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.documented(V2)
def test_pages_follow_each_other_by_the_continuation_token(s3: Any) -> None:
    fill(s3, *"abcde")
    first = v2(s3, MaxKeys=2)
    second = v2(s3, MaxKeys=2, ContinuationToken=first["NextContinuationToken"])
    third = v2(s3, MaxKeys=2, ContinuationToken=second["NextContinuationToken"])
    assert [names(one) for one in (first, second, third)] == [["a", "b"], ["c", "d"], ["e"]]
    assert [one["IsTruncated"] for one in (first, second, third)] == [True, True, False]
    assert "NextContinuationToken" not in third
    assert second["ContinuationToken"] == first["NextContinuationToken"]


@pytest.mark.documented(V2)
def test_a_token_says_nothing_of_the_key_to_who_reads_it(s3: Any) -> None:
    fill(s3, "first-key", "second-key")
    assert "first-key" not in v2(s3, MaxKeys=1)["NextContinuationToken"]


@pytest.mark.documented(V2)
def test_a_page_goes_on_behind_a_key_that_is_gone_meanwhile(s3: Any) -> None:
    fill(s3, *"abc")
    token = v2(s3, MaxKeys=1)["NextContinuationToken"]
    s3.delete_object(Bucket="shelf", Key="a")
    fill(s3, "aa")
    assert names(v2(s3, ContinuationToken=token)) == ["aa", "b", "c"]


@pytest.mark.documented(V2)
@pytest.mark.parametrize("token", ["", "nonsense", "1YWJj", "2" + listings.token_for("a")[1:]])
def test_a_token_that_nobody_was_given_is_refused(s3: Any, token: str) -> None:
    with pytest.raises(ClientError) as refused:
        v2(s3, ContinuationToken=token)
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("InvalidArgument", "The continuation token provided is incorrect")
    assert error["ArgumentName"] == "continuation-token"


@pytest.mark.documented(V2)
def test_a_full_last_page_is_not_truncated(s3: Any) -> None:
    fill(s3, *"abc")
    assert v2(s3, MaxKeys=3)["IsTruncated"] is False


@pytest.mark.documented(V2)
def test_a_page_of_no_keys_is_empty_and_not_truncated(s3: Any) -> None:
    fill(s3, *"abc")
    reply = v2(s3, MaxKeys=0)
    assert (reply["KeyCount"], reply["IsTruncated"], reply["MaxKeys"]) == (0, False, 0)
    assert "Contents" not in reply


@pytest.mark.documented(V2)
def test_more_than_a_thousand_keys_are_asked_for_in_vain(s3: Any) -> None:
    assert v2(s3, MaxKeys=100_000)["MaxKeys"] == 1000


@pytest.mark.documented(V2)
@pytest.mark.parametrize(
    ("given", "name", "message"),
    [
        ("-1", "maxKeys", "Argument maxKeys must be an integer between 0 and 2147483647"),
        ("2147483648", "max-keys", "Provided max-keys not an integer or within integer range"),
        ("many", "max-keys", "Provided max-keys not an integer or within integer range"),
    ],
)
@pytest.mark.parametrize("listing", ["list-type=2&", "", "versions&"])
def test_a_size_that_is_no_size_is_refused(
    cloud: Cloud, opened: Any, listing: str, given: str, name: str, message: str
) -> None:
    status, body = asked_raw(cloud, f"{listing}max-keys={given}")
    assert status == 400
    assert "<Code>InvalidArgument</Code>" in body and f"<Message>{message}</Message>" in body
    assert f"<ArgumentName>{name}</ArgumentName><ArgumentValue>{given}</ArgumentValue>" in body


@pytest.mark.documented(V2)
def test_the_paginator_finds_every_key_of_a_large_bucket_once(s3: Any) -> None:
    wanted = [f"{number:05}" for number in range(2500)]
    fill(s3, *wanted)
    pages = [names(one) for one in s3.get_paginator("list_objects_v2").paginate(Bucket="shelf")]
    assert [len(one) for one in pages] == [1000, 1000, 500]
    assert [name for page in pages for name in page] == wanted


@pytest.mark.documented(V2)
def test_start_after_leaves_out_the_key_and_all_before_it(s3: Any) -> None:
    fill(s3, *"abcd")
    reply = v2(s3, StartAfter="b")
    assert names(reply) == ["c", "d"] and reply["StartAfter"] == "b"


@pytest.mark.documented(V2)
def test_start_after_need_not_be_a_key(s3: Any) -> None:
    fill(s3, *"abcd")
    assert names(v2(s3, StartAfter="bb")) == ["c", "d"]


@pytest.mark.documented(V2)
def test_a_token_outweighs_start_after(s3: Any) -> None:
    fill(s3, *"abcd")
    token = v2(s3, MaxKeys=1, StartAfter="a")["NextContinuationToken"]
    assert names(v2(s3, ContinuationToken=token, StartAfter="a")) == ["c", "d"]


# --- prefixes and delimiters -----------------------------------------------------------------------------------------


@pytest.mark.documented(PREFIXES)
def test_a_prefix_leaves_out_all_other_keys(s3: Any) -> None:
    fill(s3, "a/1", "a/2", "ab", "b/1")
    reply = v2(s3, Prefix="a/")
    assert names(reply) == ["a/1", "a/2"] and reply["Prefix"] == "a/"


@pytest.mark.documented(PREFIXES)
def test_keys_are_rolled_up_to_the_first_delimiter_behind_the_prefix(s3: Any) -> None:
    fill(s3, "a/1", "a/b/1", "a/b/2", "a/c/d/1", "a/z", "b")
    reply = v2(s3, Prefix="a/", Delimiter="/")
    assert names(reply) == ["a/1", "a/z"] and groups(reply) == ["a/b/", "a/c/"]
    assert (reply["KeyCount"], reply["Delimiter"]) == (4, "/")


@pytest.mark.documented(PREFIXES)
def test_a_delimiter_is_any_text(s3: Any) -> None:
    fill(s3, "one--two", "one--three", "one-four")
    reply = v2(s3, Delimiter="--")
    assert names(reply) == ["one-four"] and groups(reply) == ["one--"]


@pytest.mark.documented(PREFIXES)
def test_the_prefix_itself_is_a_key_and_no_common_prefix(s3: Any) -> None:
    fill(s3, "a/", "a/1", "a/b/1")
    reply = v2(s3, Prefix="a/", Delimiter="/")
    assert names(reply) == ["a/", "a/1"] and groups(reply) == ["a/b/"]


@pytest.mark.documented(V2)
def test_a_common_prefix_counts_as_one_entry_of_a_page(s3: Any) -> None:
    fill(s3, "a/1", "a/2", "b", "c/1", "c/2", "d")
    first = v2(s3, Delimiter="/", MaxKeys=2)
    second = v2(s3, Delimiter="/", MaxKeys=2, ContinuationToken=first["NextContinuationToken"])
    assert (groups(first), names(first)) == (["a/"], ["b"])
    assert (groups(second), names(second), second["IsTruncated"]) == (["c/"], ["d"], False)


@pytest.mark.documented(V2)
def test_a_page_that_ends_with_a_common_prefix_goes_on_behind_all_of_it(s3: Any) -> None:
    fill(s3, *(f"a/{number}" for number in range(30)), "b")
    first = v2(s3, Delimiter="/", MaxKeys=1)
    second = v2(s3, Delimiter="/", ContinuationToken=first["NextContinuationToken"])
    assert groups(first) == ["a/"] and (groups(second), names(second)) == ([], ["b"])


@pytest.mark.documented(V2)
def test_a_last_common_prefix_however_large_is_the_end(s3: Any) -> None:
    fill(s3, "a", *(f"b/{number}" for number in range(40)))
    reply = v2(s3, Delimiter="/", MaxKeys=2)
    assert groups(reply) == ["b/"] and reply["IsTruncated"] is False


@pytest.mark.documented(V2)
def test_start_after_inside_a_common_prefix_shows_it_while_keys_are_left(s3: Any) -> None:
    fill(s3, "a/1", "a/2", "b")
    assert groups(v2(s3, Delimiter="/", StartAfter="a/1")) == ["a/"]
    assert groups(v2(s3, Delimiter="/", StartAfter="a/2")) == []


@pytest.mark.ours
def test_a_delimiter_of_the_last_character_there_is_ends(s3: Any) -> None:
    last = chr(0x10FFFF)
    fill(s3, f"a{last}1", f"a{last}{last}", "b", *(f"{last}{number}" for number in range(20)))
    reply = v2(s3, Delimiter=last)
    assert groups(reply) == [f"a{last}", last] and names(reply) == ["b"]


_TEXTS = st.text(alphabet="ab/-\u00e9\U0001f600", min_size=1, max_size=5)


@pytest.mark.documented(PREFIXES)
@settings(max_examples=60, deadline=None)
@given(
    keys=st.sets(_TEXTS, max_size=25),
    prefix=st.one_of(st.just(""), _TEXTS),
    delimiter=st.sampled_from(["", "/", "a", "b/", "-"]),
    size=st.integers(1, 4),
)
def test_pages_of_any_size_are_the_whole_listing(keys: set[str], prefix: str, delimiter: str, size: int) -> None:
    with Cloud(seed=1) as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="shelf")
        fill(s3, *keys)
        found: list[str] = []
        more: dict[str, Any] = {}
        while True:
            reply = v2(s3, Prefix=prefix, Delimiter=delimiter, MaxKeys=size, **more)
            page = sorted([*names(reply), *groups(reply)], key=str.encode)
            assert len(page) <= size and reply["KeyCount"] == len(page)
            found += page
            if not reply["IsTruncated"]:
                break
            more = {"ContinuationToken": reply["NextContinuationToken"]}
        assert found == _expected(keys, prefix, delimiter)
        marker_pages = s3.get_paginator("list_objects").paginate(
            Bucket="shelf", Prefix=prefix, Delimiter=delimiter, PaginationConfig={"PageSize": size}
        )
        by_marker = [entry for one in marker_pages for entry in (*names(one), *groups(one))]
        assert sorted(by_marker, key=str.encode) == found


def _expected(keys: set[str], prefix: str, delimiter: str) -> list[str]:
    shown = set()
    for name in keys:
        if name.startswith(prefix):
            rest, found, _ = name[len(prefix) :].partition(delimiter) if delimiter else (name, "", "")
            shown.add(prefix + rest + delimiter if found else name)
    return sorted(shown, key=str.encode)


# --- how names and owners are written --------------------------------------------------------------------------------


@pytest.mark.documented(V2)
def test_any_key_comes_back_as_it_is(s3: Any) -> None:
    wanted = sorted(["a b", "a+b", "a%20b", "<&>\"'", "tab\there", "line\nend", "é ü", "\x01control"], key=str.encode)
    fill(s3, *wanted)
    assert names(v2(s3)) == wanted


@pytest.mark.documented(V2)
def test_url_encoding_encodes_every_name_of_the_answer(s3: Any) -> None:
    fill(s3, "a b/c d+", "a b/ü/1")
    reply = v2(s3, EncodingType="url", Prefix="a b/", Delimiter="/", StartAfter="a a")
    assert reply["EncodingType"] == "url" and names(reply) == ["a+b/c+d%2B"]
    assert (groups(reply), reply["Prefix"], reply["StartAfter"]) == (["a+b/%C3%BC/"], "a+b/", "a+a")


@pytest.mark.documented(V2)
def test_another_encoding_is_refused(s3: Any) -> None:
    with pytest.raises(ClientError, match="Invalid Encoding Method specified in Request"):
        v2(s3, EncodingType="base64")


@pytest.mark.documented(V2)
def test_owners_are_shown_when_they_are_fetched(s3: Any) -> None:
    fill(s3, "a")
    assert "Owner" not in v2(s3)["Contents"][0]
    assert v2(s3, FetchOwner=True)["Contents"][0]["Owner"] == {"ID": canonical_id(ROOT)}


@pytest.mark.documented(V2)
def test_another_optional_attribute_than_restore_status_is_refused(s3: Any) -> None:
    with pytest.raises(ClientError, match="Invalid attribute name specified"):
        v2(s3, OptionalObjectAttributes=["Colour"])


@pytest.mark.documented(V2)
def test_a_restored_object_says_until_when_its_copy_is_there(cloud: Cloud, s3: Any) -> None:
    s3.put_object(Bucket="shelf", Key="a", Body=b"x", StorageClass="GLACIER")
    fill(s3, "b")
    s3.restore_object(Bucket="shelf", Key="a", RestoreRequest={"Days": 2})
    [away, always] = v2(s3, OptionalObjectAttributes=["RestoreStatus"])["Contents"]
    assert away["RestoreStatus"] == {"IsRestoreInProgress": True} and "RestoreStatus" not in always
    cloud.advance(days=1)
    [back, _] = v2(s3, OptionalObjectAttributes=["RestoreStatus"])["Contents"]
    assert back["RestoreStatus"]["IsRestoreInProgress"] is False
    assert back["RestoreStatus"]["RestoreExpiryDate"].timestamp() > cloud.clock.now()
    assert "RestoreStatus" not in v2(s3)["Contents"][0]


# --- ListObjects -----------------------------------------------------------------------------------------------------


@pytest.mark.documented(V1)
def test_the_first_version_goes_on_behind_a_marker(s3: Any) -> None:
    fill(s3, *"abcd")
    reply = v1(s3, Marker="b")
    assert names(reply) == ["c", "d"] and reply["Marker"] == "b"
    assert reply["Contents"][0]["Owner"] == {"ID": canonical_id(ROOT)}


@pytest.mark.documented(V1)
def test_the_next_marker_is_said_only_with_a_delimiter(s3: Any) -> None:
    fill(s3, "a", "b/1", "b/2", "c")
    without = v1(s3, MaxKeys=2)
    assert without["IsTruncated"] and "NextMarker" not in without
    first = v1(s3, MaxKeys=2, Delimiter="/")
    assert first["NextMarker"] == "b/"
    rest = v1(s3, Delimiter="/", Marker="b/")
    assert (names(rest), groups(rest)) == (["c"], [])


@pytest.mark.documented(V1)
def test_a_marker_inside_a_common_prefix_stands_for_all_of_it(s3: Any) -> None:
    fill(s3, "a/1", "a/2", "b")
    reply = v1(s3, Delimiter="/", Marker="a/1")
    assert (groups(reply), names(reply)) == ([], ["b"])


# --- ListObjectVersions ----------------------------------------------------------------------------------------------


def ids(reply: Any, kind: str = "Versions") -> list[tuple[str, str, bool]]:
    return [(one["Key"], one["VersionId"], one["IsLatest"]) for one in reply.get(kind, [])]


@pytest.fixture
def kept(s3: Any) -> Any:
    """The bucket, which keeps versions."""
    s3.put_bucket_versioning(Bucket="shelf", VersioningConfiguration={"Status": "Enabled"})
    return s3


def put(s3: Any, name: str) -> str:
    return str(s3.put_object(Bucket="shelf", Key=name, Body=b"x")["VersionId"])


@pytest.mark.documented(VERSIONS)
def test_versions_come_by_key_and_the_newest_first(kept: Any) -> None:
    b1, a1, a2 = put(kept, "b"), put(kept, "a"), put(kept, "a")
    assert ids(versions(kept)) == [("a", a2, True), ("a", a1, False), ("b", b1, True)]


@pytest.mark.documented(VERSIONS)
def test_delete_markers_are_listed_apart(kept: Any) -> None:
    first = put(kept, "a")
    marker = kept.delete_object(Bucket="shelf", Key="a")["VersionId"]
    reply = versions(kept)
    assert ids(reply) == [("a", first, False)] and ids(reply, "DeleteMarkers") == [("a", marker, True)]
    assert reply["DeleteMarkers"][0]["Owner"] == {"ID": canonical_id(ROOT)}
    assert set(reply["DeleteMarkers"][0]) == {"Key", "VersionId", "IsLatest", "LastModified", "Owner"}


@pytest.mark.documented(VERSIONS)
def test_a_bucket_without_versions_lists_null_versions(s3: Any) -> None:
    fill(s3, "a")
    assert ids(versions(s3)) == [("a", "null", True)]


@pytest.mark.documented(VERSIONS)
def test_pages_of_versions_go_on_within_a_key(kept: Any) -> None:
    made = [put(kept, "a") for _ in range(3)][::-1]
    last = put(kept, "b")
    first = versions(kept, MaxKeys=2)
    assert (first["NextKeyMarker"], first["NextVersionIdMarker"]) == ("a", made[1])
    second = versions(kept, MaxKeys=2, KeyMarker="a", VersionIdMarker=made[1])
    assert ids(second) == [("a", made[2], False), ("b", last, True)]
    assert (second["KeyMarker"], second["VersionIdMarker"], second["IsTruncated"]) == ("a", made[1], False)


@pytest.mark.documented(VERSIONS)
def test_a_key_marker_alone_leaves_out_all_versions_of_the_key(kept: Any) -> None:
    put(kept, "a")
    put(kept, "a")
    last = put(kept, "b")
    assert ids(versions(kept, KeyMarker="a")) == [("b", last, True)]


@pytest.mark.documented(VERSIONS)
def test_a_page_goes_on_behind_a_version_that_is_gone_meanwhile(kept: Any) -> None:
    oldest, middle, newest = put(kept, "a"), put(kept, "a"), put(kept, "a")
    kept.delete_object(Bucket="shelf", Key="a", VersionId=newest)
    reply = versions(kept, KeyMarker="a", VersionIdMarker=newest)
    assert ids(reply) == [("a", middle, True), ("a", oldest, False)]


@pytest.mark.documented(VERSIONS)
def test_a_page_goes_on_behind_a_null_version(s3: Any) -> None:
    fill(s3, "a")
    s3.put_bucket_versioning(Bucket="shelf", VersioningConfiguration={"Status": "Enabled"})
    put(s3, "a")
    last = put(s3, "b")
    reply = versions(s3, KeyMarker="a", VersionIdMarker="null")
    assert ids(reply) == [("b", last, True)]


@pytest.mark.documented(VERSIONS)
@pytest.mark.parametrize(
    ("markers", "message"),
    [
        ({"VersionIdMarker": "null"}, "A version-id marker cannot be specified without a key marker."),
        ({"KeyMarker": "a", "VersionIdMarker": ""}, "A version-id marker cannot be empty."),
        ({"KeyMarker": "a", "VersionIdMarker": "what"}, "Invalid version id specified"),
    ],
)
def test_a_version_marker_that_can_be_none_is_refused(kept: Any, markers: dict[str, str], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        versions(kept, **markers)


@pytest.mark.documented(VERSIONS)
def test_versions_are_rolled_up_like_keys(kept: Any) -> None:
    put(kept, "a/1")
    put(kept, "a/1")
    b = put(kept, "b")
    first = versions(kept, Delimiter="/", MaxKeys=1)
    assert groups(first) == ["a/"] and first["NextKeyMarker"] == "a/" and "NextVersionIdMarker" not in first
    second = versions(kept, Delimiter="/", KeyMarker="a/")
    assert (groups(second), ids(second)) == ([], [("b", b, True)])


@pytest.mark.documented(VERSIONS)
def test_listing_versions_takes_a_permission_of_its_own(cloud: Cloud, kept: Any) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="reader")
    policy = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}}'
    iam.put_user_policy(UserName="reader", PolicyName="list", PolicyDocument=policy)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    reader = cloud.client("s3", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    assert v2(reader)["KeyCount"] == 0
    with pytest.raises(ClientError, match="AccessDenied"):
        versions(reader)


@pytest.mark.documented("https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html")
def test_a_policy_limits_how_many_keys_somebody_lists_at_once(cloud: Cloud, opened: Any) -> None:
    policy = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", '
        '"Resource": "arn:aws:s3:::shelf", "Condition": {"NumericLessThanEquals": {"s3:max-keys": "10"}}}}'
    )
    opened.put_bucket_policy(Bucket="shelf", Policy=policy)
    assert asked_raw(cloud, "list-type=2&max-keys=10")[0] == 200
    assert asked_raw(cloud, "list-type=2&max-keys=11")[0] == 403
    assert asked_raw(cloud, "list-type=2")[0] == 403
