"""The event history: every call, by whom, on what, with which outcome."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from haar import Cloud

API = "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html"
GUIDE = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/"
CONTENTS = GUIDE + "cloudtrail-event-reference-record-contents.html"
WHO = GUIDE + "cloudtrail-event-reference-user-identity.html"
ACCOUNT, OTHER = "000000000000", "111122223333"


def policy(*actions: str, **more: Any) -> str:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), **more}
    if "Principal" not in more:
        statement["Resource"] = "*"
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def user(cloud: Cloud, name: str = "alice", *allowed: str) -> dict[str, str]:
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="allowed", PolicyDocument=policy(*(allowed or ("*",))))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}


def session(reply: dict[str, Any]) -> dict[str, str]:
    given = reply["Credentials"]
    return {
        "access_key": given["AccessKeyId"], "secret_key": given["SecretAccessKey"], "token": given["SessionToken"],
    }  # fmt: skip


def role(cloud: Cloud, account: str = "test") -> str:
    iam = cloud.client("iam", access_key=account)
    trust = policy("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    arn = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="worker", PolicyName="allowed", PolicyDocument=policy("sqs:*"))
    return str(arn)


def events(cloud: Cloud, key: str = "", value: str = "", *, account: str = "test", **more: Any) -> list[dict[str, Any]]:
    """Events of the history, newest first."""
    if key:
        more["LookupAttributes"] = [{"AttributeKey": key, "AttributeValue": value}]
    region = more.pop("region", "us-east-1")
    found: list[dict[str, Any]] = cloud.client("cloudtrail", access_key=account, region=region).lookup_events(**more)[
        "Events"
    ]
    return found


def record(cloud: Cloud, name: str, **more: Any) -> dict[str, Any]:
    """The newest record of an operation."""
    written: dict[str, Any] = json.loads(events(cloud, "EventName", name, **more)[0]["CloudTrailEvent"])
    return written


def names(found: list[dict[str, Any]]) -> list[str]:
    return [event["EventName"] for event in found]


def refused(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**request)
    return str(caught.value.response["Error"]["Code"])


# -- looking up --------------------------------------------------------------------------------------------------


@pytest.mark.documented(API)
def test_every_call_is_in_the_history_the_newest_first(cloud: Cloud) -> None:
    cloud.client("iam").create_user(UserName="alice")
    cloud.client("sqs").create_queue(QueueName="q")
    assert names(events(cloud)) == ["CreateQueue", "CreateUser"]


@pytest.mark.documented(API)
def test_an_event_says_who_did_what_when(cloud: Cloud) -> None:
    keys = user(cloud)
    cloud.client("sqs", **keys).create_queue(QueueName="q")
    event = events(cloud, "EventName", "CreateQueue")[0]
    assert (event["Username"], event["EventSource"], event["ReadOnly"]) == ("alice", "sqs.amazonaws.com", "false")
    assert event["AccessKeyId"] == keys["access_key"]
    assert abs(event["EventTime"].timestamp() - cloud.clock.now()) < 60


@pytest.mark.documented(API)
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("EventName", "DeleteUser"),
        ("Username", "alice"),
        ("EventSource", "iam.amazonaws.com"),
        ("ReadOnly", "false"),
        ("ResourceType", "AWS::IAM::User"),
        ("ResourceName", "bob"),
    ],
)
def test_events_are_found_by_an_attribute(cloud: Cloud, key: str, value: str) -> None:
    keys = user(cloud)
    cloud.client("iam").create_user(UserName="bob")
    cloud.client("sqs").list_queues()
    cloud.client("iam", **keys).delete_user(UserName="bob")
    assert names(events(cloud, key, value))[0] == "DeleteUser"
    assert "ListQueues" not in names(events(cloud, key, value))


@pytest.mark.documented(API)
def test_events_are_found_by_the_access_key(cloud: Cloud) -> None:
    keys = user(cloud)
    cloud.client("sqs", **keys).list_queues()
    assert names(events(cloud, "AccessKeyId", keys["access_key"])) == ["ListQueues"]


@pytest.mark.documented(API)
def test_an_event_is_found_by_its_id(cloud: Cloud) -> None:
    cloud.client("iam").create_user(UserName="alice")
    cloud.client("iam").create_user(UserName="bob")
    wanted = events(cloud)[1]
    assert events(cloud, "EventId", wanted["EventId"])[0]["CloudTrailEvent"] == wanted["CloudTrailEvent"]
    assert events(cloud, "EventId", "11111111-2222-4333-8444-555555555555") == []
    assert events(cloud, "EventId", "no id at all") == []


@pytest.mark.documented(API)
def test_events_are_found_by_time(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="early")
    cloud.advance(hours=1)
    noon = datetime.fromtimestamp(int(cloud.clock.now()), UTC)
    iam.create_user(UserName="late")
    assert len(events(cloud, "EventName", "CreateUser")) == 2
    assert len(events(cloud, "EventName", "CreateUser", StartTime=noon)) == 1
    assert len(events(cloud, "EventName", "CreateUser", EndTime=noon.timestamp() - 60)) == 1


@pytest.mark.documented(API)
def test_a_history_comes_in_pages(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    for n in range(5):
        iam.create_user(UserName=f"user{n}")
    attribute = [{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}]
    paginator = cloud.client("cloudtrail").get_paginator("lookup_events")
    pages = list(paginator.paginate(LookupAttributes=attribute, PaginationConfig={"PageSize": 2}))
    assert [len(page["Events"]) for page in pages] == [2, 2, 1]
    ids = [event["EventId"] for page in pages for event in page["Events"]]
    assert len(set(ids)) == 5


@pytest.mark.documented(API)
def test_a_page_has_fifty_events_at_most(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    for _ in range(51):
        sqs.list_queues()
    assert len(events(cloud)) == 50
    assert refused(cloud.client("cloudtrail", parameter_validation=False).lookup_events, MaxResults=51)


@pytest.mark.documented(API)
def test_events_stay_in_their_region(cloud: Cloud) -> None:
    cloud.client("sqs", region="eu-west-1").create_queue(QueueName="q")
    assert names(events(cloud, region="eu-west-1")) == ["CreateQueue"]
    assert "CreateQueue" not in names(events(cloud))


@pytest.mark.documented(GUIDE + "cloudtrail-concepts.html")
def test_events_of_global_services_are_in_us_east_1(cloud: Cloud) -> None:
    cloud.client("iam", region="eu-west-1").create_user(UserName="alice")
    assert names(events(cloud)) == ["CreateUser"]


@pytest.mark.documented(API)
def test_events_stay_in_their_account(cloud: Cloud) -> None:
    cloud.client("sqs", access_key=OTHER).create_queue(QueueName="q")
    assert events(cloud) == []
    assert names(events(cloud, account=OTHER)) == ["CreateQueue"]


@pytest.mark.fact("CT-002")
def test_the_history_goes_back_90_days(cloud: Cloud) -> None:
    cloud.client("iam").create_user(UserName="alice")
    cloud.advance(days=89)
    assert names(events(cloud, "EventName", "CreateUser")) == ["CreateUser"]
    cloud.advance(days=2)
    assert events(cloud, "EventName", "CreateUser") == []


@pytest.mark.documented(API)
@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"StartTime": 2000, "EndTime": 1000}, "InvalidTimeRangeException"),
        ({"NextToken": "made up"}, "InvalidNextTokenException"),
        ({"EventCategory": "other"}, "InvalidEventCategoryException"),
        ({"LookupAttributes": [{"AttributeKey": "Mood", "AttributeValue": "x"}]}, "InvalidLookupAttributesException"),
        (
            {"LookupAttributes": [{"AttributeKey": "ReadOnly", "AttributeValue": "maybe"}]},
            "InvalidLookupAttributesException",
        ),
        (
            {"LookupAttributes": [{"AttributeKey": name, "AttributeValue": "x"} for name in ("EventName", "Username")]},
            "InvalidLookupAttributesException",
        ),
    ],
)
def test_an_odd_look_up_is_refused(cloud: Cloud, request_: dict[str, Any], code: str) -> None:
    assert refused(cloud.client("cloudtrail").lookup_events, **request_) == code


@pytest.mark.documented(API)
def test_there_are_no_insights(cloud: Cloud) -> None:
    cloud.client("sqs").list_queues()
    assert events(cloud, EventCategory="insight") == []


@pytest.mark.documented(GUIDE + "security_iam_service-with-iam.html")
def test_looking_up_needs_a_permission(cloud: Cloud) -> None:
    keys = user(cloud, "alice", "sqs:*")
    assert refused(cloud.client("cloudtrail", **keys).lookup_events) == "AccessDeniedException"


@pytest.mark.ours
def test_cloudtrail_lake_is_refused(cloud: Cloud) -> None:
    assert refused(cloud.client("cloudtrail").create_event_data_store, Name="store") == "NotImplemented"


# -- the record --------------------------------------------------------------------------------------------------


@pytest.mark.fact("CT-001")
def test_a_record_has_all_elements(cloud: Cloud) -> None:
    sqs = cloud.client("sqs", source_ip="203.0.113.7", region="eu-west-1")
    reply = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "60"})
    written = record(cloud, "CreateQueue", region="eu-west-1")
    assert written["eventVersion"] == "1.11"
    assert written["eventSource"] == "sqs.amazonaws.com"
    assert (written["awsRegion"], written["sourceIPAddress"]) == ("eu-west-1", "203.0.113.7")
    assert written["userAgent"].startswith("Boto3/")
    assert written["requestParameters"] == {"queueName": "q", "attributes": {"VisibilityTimeout": "60"}}
    assert written["responseElements"] == {"queueUrl": reply["QueueUrl"]}
    assert written["requestID"] == reply["ResponseMetadata"]["RequestId"]
    assert (written["readOnly"], written["managementEvent"]) == (False, True)
    assert (written["eventType"], written["eventCategory"]) == ("AwsApiCall", "Management")
    assert written["recipientAccountId"] == ACCOUNT
    assert written["eventTime"].endswith("Z")


@pytest.mark.documented(CONTENTS)
def test_a_call_that_only_reads_has_no_response_elements(cloud: Cloud) -> None:
    cloud.client("iam").create_user(UserName="alice")
    cloud.client("iam").get_user(UserName="alice")
    written = record(cloud, "GetUser")
    assert (written["readOnly"], written["responseElements"]) == (True, None)


@pytest.mark.documented(CONTENTS)
def test_a_denied_call_is_recorded_with_its_error(cloud: Cloud) -> None:
    keys = user(cloud, "alice", "sqs:ListQueues")
    refused(cloud.client("iam", **keys).delete_user, UserName="bob")
    written = record(cloud, "DeleteUser")
    assert written["errorCode"] == "AccessDenied"
    assert "iam:DeleteUser" in written["errorMessage"]
    assert written["userIdentity"]["userName"] == "alice"
    assert written["requestParameters"] == {"userName": "bob"}


@pytest.mark.documented(CONTENTS)
def test_a_record_names_the_resources(cloud: Cloud) -> None:
    cloud.client("iam").create_user(UserName="alice")
    cloud.client("iam").delete_user(UserName="alice")
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    assert record(cloud, "DeleteUser")["resources"] == [{"ARN": arn, "accountId": ACCOUNT, "type": "AWS::IAM::User"}]


@pytest.mark.documented(CONTENTS)
def test_secrets_are_not_in_the_history(cloud: Cloud) -> None:
    made = cloud.client("sts", **user(cloud)).get_session_token()["Credentials"]
    key = cloud.client("iam").create_access_key(UserName="alice")["AccessKey"]
    cloud.client("iam").create_login_profile(UserName="alice", Password="Correct-Horse-9")
    told = "".join(event["CloudTrailEvent"] for event in events(cloud))
    assert made["AccessKeyId"] in told
    assert made["SecretAccessKey"] not in told
    assert key["SecretAccessKey"] not in told
    assert "Correct-Horse-9" not in told


@pytest.mark.documented(GUIDE + "view-cloudtrail-events.html")
def test_data_events_are_not_in_the_history(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert names(events(cloud)) == ["CreateQueue"]


# -- who ---------------------------------------------------------------------------------------------------------


@pytest.mark.documented(WHO)
def test_the_identity_of_the_root_user(cloud: Cloud) -> None:
    cloud.client("sqs").list_queues()
    assert record(cloud, "ListQueues")["userIdentity"] == {
        "type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT,
        "accessKeyId": "test",
    }  # fmt: skip


@pytest.mark.documented(WHO)
def test_the_identity_of_a_user(cloud: Cloud) -> None:
    keys = user(cloud)
    cloud.client("sqs", **keys).list_queues()
    identity = record(cloud, "ListQueues")["userIdentity"]
    assert identity.pop("principalId").startswith("AIDA")
    assert identity == {
        "type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/alice", "accountId": ACCOUNT,
        "accessKeyId": keys["access_key"], "userName": "alice",
    }  # fmt: skip


@pytest.mark.documented(WHO)
def test_the_identity_of_a_users_session_says_whether_there_was_mfa(cloud: Cloud) -> None:
    made = session(cloud.client("sts", **user(cloud)).get_session_token())
    cloud.client("sqs", **made).list_queues()
    identity = record(cloud, "ListQueues")["userIdentity"]
    assert (identity["type"], identity["userName"]) == ("IAMUser", "alice")
    assert identity["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"
    assert identity["sessionContext"]["attributes"]["creationDate"].endswith("Z")


@pytest.mark.documented(WHO)
def test_the_identity_of_an_assumed_role_names_the_role(cloud: Cloud) -> None:
    arn = role(cloud)
    made = session(cloud.client("sts", **user(cloud)).assume_role(RoleArn=arn, RoleSessionName="shift"))
    cloud.client("sqs", **made).list_queues()
    assert events(cloud, "EventName", "ListQueues")[0]["Username"] == "shift"
    identity = record(cloud, "ListQueues")["userIdentity"]
    assert (identity["type"], identity["arn"]) == (
        "AssumedRole",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/shift",
    )
    issuer = identity["sessionContext"]["sessionIssuer"]
    assert identity["principalId"] == f"{issuer.pop('principalId')}:shift"
    assert issuer == {"type": "Role", "arn": arn, "accountId": ACCOUNT, "userName": "worker"}


@pytest.mark.documented(WHO)
def test_the_identity_of_a_federated_user_names_the_user_behind_it(cloud: Cloud) -> None:
    sts = cloud.client("sts", **user(cloud))
    made = session(sts.get_federation_token(Name="bob", Policy=policy("sqs:*")))
    cloud.client("sqs", **made).list_queues()
    identity = record(cloud, "ListQueues")["userIdentity"]
    assert (identity["type"], identity["principalId"]) == ("FederatedUser", f"{ACCOUNT}:bob")
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == f"arn:aws:iam::{ACCOUNT}:user/alice"


@pytest.mark.documented(WHO)
def test_a_role_assumed_from_outside_is_in_both_histories(cloud: Cloud) -> None:
    arn = role(cloud, OTHER)
    cloud.client("sts", **user(cloud)).assume_role(RoleArn=arn, RoleSessionName="visit")
    ours, theirs = record(cloud, "AssumeRole"), record(cloud, "AssumeRole", account=OTHER)
    assert ours["userIdentity"]["userName"] == "alice"
    assert theirs["userIdentity"]["type"] == "AWSAccount"
    assert theirs["userIdentity"]["accountId"] == ACCOUNT
    assert (theirs["recipientAccountId"], theirs["sharedEventID"]) == (OTHER, ours["eventID"])


@pytest.mark.documented(WHO)
def test_what_a_service_does_on_ones_behalf_says_so(cloud: Cloud) -> None:
    cloud.client("sqs").create_queue(QueueName="q")
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
    cloud.client("resourcegroupstaggingapi").tag_resources(ResourceARNList=[arn], Tags={"team": "blue"})
    written = record(cloud, "TagQueue")
    assert written["userIdentity"]["invokedBy"] == "tagging.amazonaws.com"
    assert written["sourceIPAddress"] == "tagging.amazonaws.com"


@pytest.mark.documented(WHO)
def test_the_identity_of_a_service(cloud: Cloud) -> None:
    from haar.kit import Call, Origin, Principal

    service = Principal(kind="service", account="", arn="", name="lambda.amazonaws.com", id="lambda.amazonaws.com")
    iam = cloud.client("iam")
    trust = policy("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})
    arn = iam.create_role(RoleName="fn", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    with cloud.store.transaction() as tx:
        call = Call(
            cloud.ports, tx, service, service="lambda", operation="Invoke", region="us-east-1", origin=Origin(),
            account=ACCOUNT,
        )  # fmt: skip
        call.aws("sts", account=ACCOUNT).assume_role(RoleArn=arn, RoleSessionName="fn")
    identity = record(cloud, "AssumeRole")["userIdentity"]
    assert identity == {"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}
