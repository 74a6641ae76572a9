"""Every quota that is declared can be read, and is enforced where something more is asked for than it lets through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.kit import Quota
from haar.kit.quota import QuotaValue
from tests.conformance.life import material
from tests.conformance.life.material import document, trusting
from tests.conformance.rooms import ROOMS, room

QUOTAS = "https://docs.aws.amazon.com/servicequotas/latest/userguide/intro.html"
pytestmark = pytest.mark.documented(QUOTAS)
DECLARED = [quota for name in ROOMS for quota in room(name).quotas]
ACCOUNT = "000000000000"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
#: How far a quota is lowered: one thing more is then too many.
NONE = 0.0


class Case(NamedTuple):
    """What wants one thing more: `more(cloud, prepare(cloud))`, and the code it is refused with."""

    more: Callable[[Cloud, Any], object]
    code: str = "LimitExceeded"
    prepare: Callable[[Cloud], Any] = lambda cloud: None
    #: a rate, which only a cloud with `limits="aws"` enforces
    is_rate: bool = False


def _iam(name: str, /, **request: Any) -> Callable[[Cloud, Any], object]:
    """A call of IAM."""
    return lambda cloud, prepared: getattr(cloud.client("iam"), name)(**request)


def _holders(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="holder")
    iam.create_group(GroupName="holder")
    iam.create_role(RoleName="holder", AssumeRolePolicyDocument=trusting(AWS=ACCOUNT))


def _policy(cloud: Cloud) -> None:
    cloud.client("iam").create_policy(PolicyName="p", PolicyDocument=document())


def _company(cloud: Cloud) -> tuple[Any, str]:
    api = cloud.client("organizations")
    api.create_organization()
    return api, api.list_roots()["Roots"][0]["Id"]


def _queue(cloud: Cloud) -> str:
    sqs = cloud.client("sqs")
    url: str = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    return url


def _line(cloud: Cloud) -> str:
    sqs = cloud.client("sqs")
    url: str = sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="a", MessageDeduplicationId="1")
    return url


def _receive(cloud: Cloud, url: str) -> object:
    """A message, if one may be in flight; a FIFO queue at its limit gives none and no error."""
    return cloud.client("sqs").receive_message(QueueUrl=url).get("Messages")


def _key(cloud: Cloud) -> dict[str, str]:
    """A key, and a user to grant something."""
    cloud.client("iam").create_user(UserName="holder")
    return {"KeyId": cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]}


def _alias(cloud: Cloud, key: dict[str, str]) -> object:
    return cloud.client("kms").create_alias(AliasName="alias/x", TargetKeyId=key["KeyId"])


def _grant(cloud: Cloud, key: dict[str, str]) -> object:
    holder = f"arn:aws:iam::{ACCOUNT}:user/holder"
    return cloud.client("kms").create_grant(**key, GranteePrincipal=holder, Operations=["Encrypt"])


def _bucket(cloud: Cloud) -> dict[str, str]:
    """A bucket, and the request for an access point of it."""
    cloud.client("s3").create_bucket(Bucket="one-more")
    return {"AccountId": ACCOUNT, "Name": "door", "Bucket": "one-more"}


def _access_point(cloud: Cloud, wanted: dict[str, str]) -> object:
    return cloud.client("s3control").create_access_point(**wanted)


TABLE = {
    "TableName": "one-more",
    "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
}
UNITS = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}


def _table(cloud: Cloud, prepared: None, /, **more: Any) -> object:
    """A table in provisioned mode."""
    return cloud.client("dynamodb").create_table(**{**TABLE, "ProvisionedThroughput": UNITS, **more})


def _indexed_table(cloud: Cloud, prepared: None) -> object:
    index = {"IndexName": "x-y", "KeySchema": TABLE["KeySchema"], "Projection": {"ProjectionType": "ALL"}}
    return _table(cloud, prepared, GlobalSecondaryIndexes=[{**index, "ProvisionedThroughput": UNITS}])


def _parameter(tier: str) -> Callable[[Cloud, Any], object]:
    """A parameter of a tier."""
    return lambda cloud, prepared: cloud.client("ssm").put_parameter(Name="x", Value="v", Type="String", Tier=tier)


def _secret(cloud: Cloud) -> str:
    name: str = cloud.client("secretsmanager").create_secret(Name="one-more")["Name"]
    return name


def _put_value(cloud: Cloud, name: str) -> object:
    """A secret's first value, which gets a label."""
    return cloud.client("secretsmanager").put_secret_value(SecretId=name, SecretString="x")


def _topic(cloud: Cloud) -> str:
    arn: str = cloud.client("sns").create_topic(Name="one-more")["TopicArn"]
    return arn


def _fifo_topic(cloud: Cloud, prepared: None = None) -> str:
    arn: str = cloud.client("sns").create_topic(Name="one-more.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    return arn


def _subscribed(protocol: str, endpoint: str, **attributes: str) -> Callable[[Cloud, Any], object]:
    """A subscription of a topic."""
    given = {"Protocol": protocol, "Endpoint": endpoint, "Attributes": attributes}
    return lambda cloud, topic: cloud.client("sns").subscribe(TopicArn=topic, **given)


FILTERED = _subscribed("sms", "+12065550100", FilterPolicy='{"a": ["b"]}')
ROLE = {"RoleName": "x", "AssumeRolePolicyDocument": trusting(AWS=ACCOUNT)}
CERTIFICATE = {"CertificateBody": material.certificate(), "PrivateKey": material.private()}
SCP = {"Content": document("*"), "Description": "", "Name": "x", "Type": "SERVICE_CONTROL_POLICY"}
VIOLATED = "ConstraintViolationException"
EXCEEDED = "LimitExceededException"

#: By the quota's code.
ONE_MORE: Mapping[str, Case] = {
    "L-F55AF5E4": Case(_iam("create_user", UserName="x")),
    "L-F4A5425F": Case(_iam("create_group", GroupName="x")),
    "L-FE177D64": Case(_iam("create_role", **ROLE)),
    "L-6E65F664": Case(_iam("create_instance_profile", InstanceProfileName="x")),
    "L-E95E4862": Case(_iam("create_policy", PolicyName="x", PolicyDocument=document())),
    "L-4019AD8B": Case(_iam("attach_user_policy", UserName="holder", PolicyArn=READ_ONLY), prepare=_holders),
    "L-384571C4": Case(_iam("attach_group_policy", GroupName="holder", PolicyArn=READ_ONLY), prepare=_holders),
    "L-0DA4ABF3": Case(_iam("attach_role_policy", RoleName="holder", PolicyArn=READ_ONLY), prepare=_holders),
    "L-19F2CF71": Case(
        _iam("create_policy_version", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/p", PolicyDocument=document("sqs:*")),
        prepare=_policy,
    ),
    "L-7A1621EC": Case(_iam("add_user_to_group", UserName="holder", GroupName="holder"), prepare=_holders),
    "L-8758042E": Case(_iam("create_access_key", UserName="holder"), prepare=_holders),
    "L-C07B4B0D": Case(_iam("create_role", **ROLE)),
    "L-C4DF001E": Case(_iam("create_policy", PolicyName="x", PolicyDocument=document())),
    "L-BF35879D": Case(_iam("upload_server_certificate", ServerCertificateName="x", **CERTIFICATE)),
    "L-DB618D39": Case(_iam("create_saml_provider", Name="x", SAMLMetadataDocument=material.metadata())),
    "L-858F3967": Case(_iam("create_open_id_connect_provider", Url="https://x.example.com", ThumbprintList=["a" * 40])),
    "L-E619E033": Case(
        lambda cloud, place: place[0].create_account(AccountName="x", Email="x@example.com"), VIOLATED, _company
    ),
    "L-0F0F51F4": Case(
        lambda cloud, place: place[0].create_organizational_unit(ParentId=place[1], Name="x"), VIOLATED, _company
    ),
    "L-29A0C5DF": Case(lambda cloud, place: place[0].create_policy(**SCP), VIOLATED, _company),
    "L-C2F1777E": Case(lambda cloud, prepared: cloud.client("kms").create_key(), EXCEEDED),
    "L-340F62FB": Case(_alias, EXCEEDED, _key),
    "L-D594A657": Case(_grant, EXCEEDED, _key),
    "L-0E66C9C0": Case(lambda cloud, key: cloud.client("kms").rotate_key_on_demand(**key), EXCEEDED, _key),
    "L-6E3AF000": Case(
        lambda cloud, key: cloud.client("kms").encrypt(**key, Plaintext=b"x"), "ThrottlingException", _key, is_rate=True
    ),
    "L-DC2B2D3D": Case(lambda cloud, prepared: cloud.client("s3").create_bucket(Bucket="one-more"), "TooManyBuckets"),
    "L-FAABEEBA": Case(_access_point, "TooManyAccessPoints", _bucket),
    "vaults": Case(lambda cloud, prepared: cloud.client("glacier").create_vault(vaultName="x"), EXCEEDED),
    "provisioned-capacity-units": Case(
        lambda cloud, prepared: cloud.client("glacier").purchase_provisioned_capacity(), EXCEEDED
    ),
    "L-F98FE922": Case(_table, EXCEEDED),
    "L-F7858A77": Case(_indexed_table, "ValidationException"),
    "L-34F6A552": Case(_table, EXCEEDED),
    "L-34F8CCC8": Case(_table, EXCEEDED),
    "L-CF0CBE56": Case(_table, EXCEEDED),
    "L-AB614373": Case(_table, EXCEEDED),
    "standard-parameters": Case(_parameter("Standard"), "ParameterLimitExceeded"),
    "advanced-parameters": Case(_parameter("Advanced"), "ParameterLimitExceeded"),
    "topics": Case(lambda cloud, prepared: _topic(cloud), "TopicLimitExceeded"),
    "fifo-topics": Case(_fifo_topic, "TopicLimitExceeded"),
    "fifo-subscriptions": Case(
        _subscribed("sqs", f"arn:aws:sqs:us-east-1:{ACCOUNT}:x.fifo"), "SubscriptionLimitExceeded", _fifo_topic
    ),
    "pending-subscriptions": Case(_subscribed("email", "ann@example.com"), "SubscriptionLimitExceeded", _topic),
    "filter-policies-topic": Case(FILTERED, "FilterPolicyLimitExceeded", _topic),
    "filter-policies-account": Case(FILTERED, "FilterPolicyLimitExceeded", _topic),
    "in-flight-standard": Case(_receive, "OverLimit", _queue),
    "in-flight-fifo": Case(_receive, "", _line),
    "secrets": Case(lambda cloud, prepared: cloud.client("secretsmanager").create_secret(Name="x"), EXCEEDED),
    "staging-labels": Case(_put_value, EXCEEDED, _secret),
}

every = pytest.mark.parametrize("quota", DECLARED, ids=lambda quota: f"{quota.service}:{quota.code}")


def lower(cloud: Cloud, patch: pytest.MonkeyPatch, quota: Quota) -> None:
    """Let nothing through: by the account's own value, or (where AWS lets nobody change it) by the declaration."""
    if quota.adjustable:
        region = "" if quota.is_global else "us-east-1"
        with cloud.store.transaction() as tx:
            tx.put(QuotaValue(account=ACCOUNT, region=region, service=quota.service, code=quota.code, value=NONE))
    else:
        declared = Quota.value
        patch.setattr(Quota, "value", lambda self, call: NONE if self is quota else declared(self, call))


@every
def test_a_quota_is_read_through_service_quotas(cloud: Cloud, quota: Quota) -> None:
    shown = cloud.client("service-quotas").get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)["Quota"]
    assert (shown["QuotaName"], shown["Value"]) == (quota.name, quota.default)
    assert (shown["Adjustable"], shown["GlobalQuota"]) == (quota.adjustable, quota.is_global)


@every
def test_an_applied_value_is_what_is_read(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, quota: Quota) -> None:
    lower(cloud, monkeypatch, quota)
    api, place = cloud.client("service-quotas"), {"ServiceCode": quota.service, "QuotaCode": quota.code}
    assert api.get_service_quota(**place)["Quota"]["Value"] == NONE
    assert api.get_aws_default_service_quota(**place)["Quota"]["Value"] == quota.default


@every
def test_one_more_than_a_quota_is_refused(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, quota: Quota) -> None:
    case = ONE_MORE[quota.code]
    with _fitting(cloud, case) as fit:
        prepared = case.prepare(fit)
        lower(fit, monkeypatch, quota)
        assert _code(lambda: case.more(fit, prepared)) == case.code


@every
def test_within_a_quota_the_same_is_done(cloud: Cloud, quota: Quota) -> None:
    case = ONE_MORE[quota.code]
    with _fitting(cloud, case) as fit:
        assert case.more(fit, case.prepare(fit))


@contextmanager
def _fitting(cloud: Cloud, case: Case) -> Iterator[Cloud]:
    """The cloud, or one that enforces rates."""
    if not case.is_rate:
        yield cloud
        return
    with Cloud(seed=1, limits="aws") as strict:
        yield strict


def _code(call: Callable[[], object]) -> str:
    """The code of a refusal; the empty one for nothing."""
    try:
        reply = call()
    except ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code
    return "" if reply is None else f"it was done: {reply}"
