"""Every list is read page by page: each thing once, in one order, though things go in between.

A made-up token is refused. Which operations have pages is botocore's word; a life fills them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from haar import Cloud
from haar.kit.service import Operation
from tests.conformance.life import material
from tests.conformance.life.material import document, trusting
from tests.conformance.rooms import OPERATIONS, id_of

PAGINATION = "https://docs.aws.amazon.com/boto3/latest/guide/paginators.html"
PAGED = [one for one in OPERATIONS if one.name in one.service.model.paginators]
ACCOUNT = "000000000000"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/p1"
BLUE = [{"Key": f"k{number}", "Value": "v"} for number in range(4)]
SCP = {"Type": "SERVICE_CONTROL_POLICY"}
MIB = 1024 * 1024


def furnish(cloud: Cloud) -> dict[str, dict[str, Any]]:
    """Four of everything that can be listed; the requests that list them, by operation."""
    return {
        **_people(cloud),
        **_devices(cloud),
        **_queues(cloud),
        **_company(cloud),
        **_limits(cloud),
        **_trails(cloud),
        **_keys(cloud),
        **_vaults(cloud),
        **_buckets(cloud),
        **_parameters(cloud),
        **_secrets(cloud),
        **_tables(cloud),
        **_topics(cloud),
    }


def _people(cloud: Cloud) -> dict[str, dict[str, Any]]:
    iam = cloud.client("iam")
    for n in range(1, 5):
        iam.create_user(UserName=f"u{n}", Tags=BLUE)
        iam.create_group(GroupName=f"g{n}")
        iam.create_role(RoleName=f"r{n}", AssumeRolePolicyDocument=trusting(AWS=ACCOUNT), Tags=BLUE)
        iam.create_policy(PolicyName=f"p{n}", PolicyDocument=document(), Tags=BLUE)
        iam.create_instance_profile(InstanceProfileName=f"i{n}", Tags=BLUE)
        iam.add_role_to_instance_profile(InstanceProfileName=f"i{n}", RoleName="r1")
        for kind, name in (("user", "u1"), ("group", "g1"), ("role", "r1")):
            place = {f"{kind.title()}Name": name}
            getattr(iam, f"put_{kind}_policy")(**place, PolicyName=f"own{n}", PolicyDocument=document())
            attach = getattr(iam, f"attach_{kind}_policy")
            attach(**place, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/p{n}")
    for n in range(1, 5):
        iam.add_user_to_group(GroupName="g1", UserName=f"u{n}")
        if n > 1:
            iam.add_user_to_group(GroupName=f"g{n}", UserName="u1")
            iam.attach_user_policy(UserName=f"u{n}", PolicyArn=POLICY)
            iam.create_policy_version(PolicyArn=POLICY, PolicyDocument=document(f"sqs:Get{n}"))
    for _ in range(2):
        iam.create_access_key(UserName="u1")
    iam.create_account_alias(AccountAlias="only-one")
    ann = f"arn:aws:iam::{ACCOUNT}:user/u1"
    actions = ["sqs:ListQueues", "sqs:SendMessage", "sqs:DeleteMessage"]
    user, group, role = {"UserName": "u1"}, {"GroupName": "g1"}, {"RoleName": "r1"}
    return {
        "iam:GetAccountAuthorizationDetails": {"Filter": ["User", "Role", "Group", "LocalManagedPolicy"]},
        "iam:GetGroup": group, "iam:ListAccessKeys": user, "iam:ListAccountAliases": {},
        "iam:ListAttachedGroupPolicies": group, "iam:ListAttachedRolePolicies": role,
        "iam:ListAttachedUserPolicies": user, "iam:ListEntitiesForPolicy": {"PolicyArn": POLICY},
        "iam:ListGroupPolicies": group, "iam:ListGroups": {}, "iam:ListGroupsForUser": user,
        "iam:ListInstanceProfiles": {}, "iam:ListInstanceProfilesForRole": role,
        "iam:ListPolicies": {"Scope": "Local"}, "iam:ListPolicyVersions": {"PolicyArn": POLICY},
        "iam:ListRolePolicies": role, "iam:ListRoles": {}, "iam:ListUserPolicies": user, "iam:ListUsers": {},
        "iam:ListUserTags": user, "iam:ListRoleTags": role, "iam:ListPolicyTags": {"PolicyArn": POLICY},
        "iam:ListInstanceProfileTags": {"InstanceProfileName": "i1"},
        "iam:SimulateCustomPolicy": {"PolicyInputList": [document()], "ActionNames": actions},
        "iam:SimulatePrincipalPolicy": {"PolicySourceArn": ann, "ActionNames": actions},
    }  # fmt: skip


def _devices(cloud: Cloud) -> dict[str, dict[str, Any]]:
    iam = cloud.client("iam")
    given = {"CertificateBody": material.certificate(), "PrivateKey": material.private()}
    for n in range(1, 5):
        iam.upload_server_certificate(ServerCertificateName=f"c{n}", **given, Tags=BLUE)
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"d{n}", Tags=BLUE)["VirtualMFADevice"]
        now, seed = cloud.clock.now(), made["Base32StringSeed"]
        iam.enable_mfa_device(
            UserName="u1", SerialNumber=made["SerialNumber"],
            AuthenticationCode1=material.one_time_code(seed, now - 30),
            AuthenticationCode2=material.one_time_code(seed, now),
        )  # fmt: skip
    iam.upload_signing_certificate(UserName="u1", CertificateBody=material.certificate())
    iam.upload_ssh_public_key(UserName="u1", SSHPublicKeyBody=material.ssh_key())
    saml = iam.create_saml_provider(Name="corp", SAMLMetadataDocument=material.metadata(), Tags=BLUE)["SAMLProviderArn"]
    web = iam.create_open_id_connect_provider(
        Url="https://idp.example.com", ThumbprintList=["a" * 40], Tags=BLUE
    )["OpenIDConnectProviderArn"]  # fmt: skip
    user = {"UserName": "u1"}
    return {
        "iam:ListMFADevices": user, "iam:ListServerCertificates": {}, "iam:ListSigningCertificates": user,
        "iam:ListSSHPublicKeys": user, "iam:ListVirtualMFADevices": {},
        "iam:ListMFADeviceTags": {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/d1"},
        "iam:ListServerCertificateTags": {"ServerCertificateName": "c1"},
        "iam:ListSAMLProviderTags": {"SAMLProviderArn": saml},
        "iam:ListOpenIDConnectProviderTags": {"OpenIDConnectProviderArn": web},
    }  # fmt: skip


def _queues(cloud: Cloud) -> dict[str, dict[str, Any]]:
    sqs = cloud.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    redrive = '{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead", "maxReceiveCount": "1"}'
    for n in range(1, 5):
        sqs.create_queue(QueueName=f"q{n}", Attributes={"RedrivePolicy": redrive}, tags={f"k{n}": "v", "one": f"v{n}"})
    return {"sqs:ListDeadLetterSourceQueues": {"QueueUrl": dead}, "sqs:ListQueues": {}}


def _company(cloud: Cloud) -> dict[str, dict[str, Any]]:
    api = cloud.client("organizations")
    api.create_organization()
    root = api.list_roots()["Roots"][0]["Id"]
    api.enable_policy_type(RootId=root, PolicyType=SCP["Type"])
    statuses = [
        api.create_account(AccountName=f"a{n}", Email=f"a{n}@example.com", Tags=BLUE)["CreateAccountStatus"]["Id"]
        for n in range(1, 5)
    ]
    cloud.advance(minutes=1)
    describe = api.describe_create_account_status
    accounts = [describe(CreateAccountRequestId=one)["CreateAccountStatus"]["AccountId"] for one in statuses]
    policy = ""
    for n in range(1, 5):
        api.create_organizational_unit(ParentId=root, Name=f"unit{n}")
        made = api.create_policy(Content=document("*"), Description="", Name=f"scp{n}", **SCP)
        policy = made["Policy"]["PolicySummary"]["Id"]
        api.attach_policy(PolicyId=policy, TargetId=accounts[0])
    for account in accounts[1:]:
        api.attach_policy(PolicyId=policy, TargetId=account)
    for service in ("config", "sso", "ram"):
        api.enable_aws_service_access(ServicePrincipal=f"{service}.amazonaws.com")
        api.register_delegated_administrator(AccountId=accounts[0], ServicePrincipal=f"{service}.amazonaws.com")
    for account in accounts[1:]:
        api.register_delegated_administrator(AccountId=account, ServicePrincipal="config.amazonaws.com")
    for guest in ("333333333333", "444444444444", "555555555555"):
        api.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": guest})
        head = cloud.client("organizations", access_key=guest)
        head.create_organization()
        head.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": ACCOUNT})
    return {
        "organizations:ListAccounts": {}, "organizations:ListAccountsForParent": {"ParentId": root},
        "organizations:ListChildren": {"ParentId": root, "ChildType": "ACCOUNT"},
        "organizations:ListCreateAccountStatus": {}, "organizations:ListHandshakesForAccount": {},
        "organizations:ListHandshakesForOrganization": {},
        "organizations:ListOrganizationalUnitsForParent": {"ParentId": root},
        "organizations:ListParents": {"ChildId": accounts[0]}, "organizations:ListRoots": {},
        "organizations:ListPolicies": {"Filter": SCP["Type"]},
        "organizations:ListPoliciesForTarget": {"TargetId": accounts[0], "Filter": SCP["Type"]},
        "organizations:ListTargetsForPolicy": {"PolicyId": policy},
        "organizations:ListAWSServiceAccessForOrganization": {},
        "organizations:ListTagsForResource": {"ResourceId": accounts[0]},
        "organizations:ListDelegatedAdministrators": {},
        "organizations:ListDelegatedServicesForAccount": {"AccountId": accounts[0]},
    }  # fmt: skip


def _limits(cloud: Cloud) -> dict[str, dict[str, Any]]:
    quotas = cloud.client("service-quotas")
    for code in ("L-F55AF5E4", "L-F4A5425F", "L-FE177D64"):
        quotas.request_service_quota_increase(ServiceCode="iam", QuotaCode=code, DesiredValue=9000)
    return {
        "service-quotas:ListAWSDefaultServiceQuotas": {"ServiceCode": "iam"},
        "service-quotas:ListServiceQuotas": {"ServiceCode": "iam"}, "service-quotas:ListServices": {},
        "service-quotas:ListRequestedServiceQuotaChangeHistory": {},
        "service-quotas:ListRequestedServiceQuotaChangeHistoryByQuota": {
            "ServiceCode": "iam", "QuotaCode": "L-F55AF5E4",
        },
        "resourcegroupstaggingapi:GetResources": {}, "resourcegroupstaggingapi:GetTagKeys": {},
        "resourcegroupstaggingapi:GetTagValues": {"Key": "one"},
        "cloudtrail:LookupEvents": {
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "CreateQueue"}]
        },
    }  # fmt: skip


def _trails(cloud: Cloud) -> dict[str, dict[str, Any]]:
    s3, api = cloud.client("s3"), cloud.client("cloudtrail")
    s3.create_bucket(Bucket="trails")
    service = {"Service": "cloudtrail.amazonaws.com"}
    both = ["arn:aws:s3:::trails", "arn:aws:s3:::trails/*"]
    s3.put_bucket_policy(Bucket="trails", Policy=document("s3:*", Principal=service, Resource=both))
    made = [
        api.create_trail(Name=f"trail{n}", S3BucketName="trails", EnableLogFileValidation=True, TagsList=BLUE)
        for n in range(1, 5)
    ]
    return {
        "cloudtrail:ListTrails": {}, "cloudtrail:ListTags": {"ResourceIdList": [one["TrailARN"] for one in made]},
        "cloudtrail:ListPublicKeys": {"StartTime": 0},
    }  # fmt: skip


def _keys(cloud: Cloud) -> dict[str, dict[str, Any]]:
    kms = cloud.client("kms")
    user = f"arn:aws:iam::{ACCOUNT}:user/u1"
    tags = [{"TagKey": f"k{n}", "TagValue": "v"} for n in range(4)]
    for _ in range(4):
        key = kms.create_key(Tags=tags)["KeyMetadata"]["KeyId"]
    for n in range(1, 5):
        kms.create_alias(AliasName=f"alias/a{n}", TargetKeyId=key)
        kms.create_grant(KeyId=key, GranteePrincipal=user, RetiringPrincipal=user, Operations=["Encrypt"])
        kms.rotate_key_on_demand(KeyId=key)
    named = {"KeyId": key}
    return {
        "kms:ListAliases": {}, "kms:ListGrants": named, "kms:ListKeyPolicies": named, "kms:ListKeyRotations": named,
        "kms:ListKeys": {}, "kms:ListResourceTags": named, "kms:ListRetirableGrants": {"RetiringPrincipal": user},
    }  # fmt: skip


def _vaults(cloud: Cloud) -> dict[str, dict[str, Any]]:
    glacier = cloud.client("glacier")
    for n in range(1, 5):
        glacier.create_vault(vaultName=f"v{n}")
    archive = glacier.upload_archive(vaultName="v1", body=b"x")["archiveId"]
    place, upload = {"vaultName": "v1"}, ""
    for _ in range(4):
        glacier.initiate_job(**place, jobParameters={"Type": "archive-retrieval", "ArchiveId": archive})
        upload = glacier.initiate_multipart_upload(**place, partSize=str(MIB))["uploadId"]
    for start in range(0, 4 * MIB, MIB):
        span = f"bytes {start}-{start + MIB - 1}/*"
        glacier.upload_multipart_part(**place, uploadId=upload, range=span, body=b"x" * MIB)
    return {
        "glacier:ListVaults": {}, "glacier:ListJobs": place, "glacier:ListMultipartUploads": place,
        "glacier:ListParts": {**place, "uploadId": upload},
    }  # fmt: skip


def _buckets(cloud: Cloud) -> dict[str, dict[str, Any]]:
    s3 = cloud.client("s3")
    for n in range(1, 5):
        s3.create_bucket(Bucket=f"bucket-{n}")
    place, upload = {"Bucket": "bucket-1"}, ""
    s3.put_bucket_versioning(**place, VersioningConfiguration={"Status": "Enabled"})
    for n in range(1, 5):
        s3.put_object(**place, Key=f"o{n}", Body=b"x")
        upload = s3.create_multipart_upload(**place, Key="u")["UploadId"]
    for n in range(1, 5):
        s3.upload_part(**place, Key="u", UploadId=upload, PartNumber=n, Body=b"x" * n)
    return {
        # who asks for nothing in particular is not told the regions
        "s3:ListBuckets": {"Prefix": "bucket-"}, "s3:ListMultipartUploads": place, "s3:ListObjectVersions": place,
        "s3:ListObjects": place, "s3:ListObjectsV2": place,
        "s3:ListParts": {**place, "Key": "u", "UploadId": upload},
    }  # fmt: skip


def _tables(cloud: Cloud) -> dict[str, dict[str, Any]]:
    db = cloud.client("dynamodb")
    for n in range(1, 5):
        db.create_table(
            TableName=f"table-{n}", BillingMode="PAY_PER_REQUEST", Tags=BLUE,
            KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "a", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"},
            ],
        )  # fmt: skip
        db.put_item(TableName="table-1", Item={"a": {"S": "x"}, "n": {"N": str(n)}})
        db.create_backup(TableName="table-1", BackupName=f"backup-{n}")
    mine = {"KeyConditionExpression": "a = :a", "ExpressionAttributeValues": {":a": {"S": "x"}}}
    return {
        "dynamodb:ListBackups": {}, "dynamodb:ListTables": {}, "dynamodb:Scan": {"TableName": "table-1"},
        "dynamodb:ListTagsOfResource": {"ResourceArn": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/table-1"},
        "dynamodb:Query": {"TableName": "table-1", **mine},
    }  # fmt: skip


def _topics(cloud: Cloud) -> dict[str, dict[str, Any]]:
    sns = cloud.client("sns")
    secret = {"PlatformCredential": "secret"}
    for n in range(1, 5):
        topic = sns.create_topic(Name=f"topic-{n}")["TopicArn"]
        app = sns.create_platform_application(Name=f"app-{n}", Platform="GCM", Attributes=secret)
        sns.create_sms_sandbox_phone_number(PhoneNumber=f"+1206555010{n}")
    for n in range(1, 5):
        sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint=f"+1206555010{n}")
        sns.create_platform_endpoint(PlatformApplicationArn=app["PlatformApplicationArn"], Token=f"t{n}")
    return {
        "sns:ListTopics": {}, "sns:ListSubscriptions": {}, "sns:ListSubscriptionsByTopic": {"TopicArn": topic},
        "sns:ListPlatformApplications": {}, "sns:ListSMSSandboxPhoneNumbers": {},
        "sns:ListEndpointsByPlatformApplication": {"PlatformApplicationArn": app["PlatformApplicationArn"]},
    }  # fmt: skip


def _secrets(cloud: Cloud) -> dict[str, dict[str, Any]]:
    api = cloud.client("secretsmanager")
    for n in range(1, 5):
        api.create_secret(Name=f"secret-{n}")
    return {"secretsmanager:ListSecrets": {}}


def _parameters(cloud: Cloud) -> dict[str, dict[str, Any]]:
    ssm = cloud.client("ssm")
    for n in range(1, 5):
        ssm.put_parameter(Name=f"/four/p{n}", Value="v", Type="String", Tier="Advanced")
        ssm.put_parameter(Name="/versions", Value=f"v{n}", Type="String", Overwrite=True)
    arn = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/four/p1"
    policy = document("ssm:GetParameter", Principal={"AWS": "111111111111"}, Resource=arn)
    ssm.put_resource_policy(ResourceArn=arn, Policy=policy)
    return {
        "ssm:DescribeParameters": {}, "ssm:GetParameterHistory": {"Name": "/versions"},
        "ssm:GetParametersByPath": {"Path": "/four"}, "ssm:GetResourcePolicies": {"ResourceArn": arn},
    }  # fmt: skip


#: Lists that go on behind any name or key, which need not be one of theirs, or whose tokens clients check themselves.
MARKED = (
    "dynamodb:ListBackups", "dynamodb:ListTables", "dynamodb:Query", "dynamodb:Scan",
    "s3:ListMultipartUploads", "s3:ListObjectVersions", "s3:ListObjects", "s3:ListParts",
)  # fmt: skip
#: Lists with fewer than three things, and why.
SHORT: Mapping[str, str] = {
    "cloudtrail:ListPublicKeys": "one pair of keys a month",
    "iam:ListAccessKeys": "two keys a user",
    "iam:ListAccountAliases": "one alias an account",
    "iam:ListSigningCertificates": "one certificate is uploaded once",
    "iam:ListSSHPublicKeys": "one key is uploaded once",
    "kms:ListKeyPolicies": "one policy a key",
    "organizations:ListParents": "one parent",
    "organizations:ListRoots": "one root",
    "service-quotas:ListRequestedServiceQuotaChangeHistoryByQuota": "one open request a quota",
    "ssm:GetResourcePolicies": "one policy a parameter",
}


def _listed(found: Any) -> list[Any]:
    """What a page lists; it may say besides how much that is."""
    return found if isinstance(found, list) else []


class Furnished:
    """A cloud with four of everything."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.requests = furnish(cloud)

    def pages(self, operation: Operation, size: int | None) -> list[list[Any]]:
        """What botocore's paginator brings, page by page."""
        client = self.cloud.client(operation.service.name)
        paginator = client.get_paginator(operation.snake)
        config = (
            {"PageSize": size} if size and operation.service.model.paginators[operation.name].get("limit_key") else {}
        )
        pages = paginator.paginate(**self.requests[id_of(operation)], PaginationConfig=config)
        return [[item for key in paginator.result_keys for item in _listed(key.search(page))] for page in pages]

    def items(self, operation: Operation, size: int | None) -> list[Any]:
        """The same, in one."""
        return [item for page in self.pages(operation, size) for item in page]


@pytest.fixture(scope="module")
def furnished() -> Iterator[Furnished]:
    """One cloud for all lists."""
    with Cloud(seed=3) as cloud:
        yield Furnished(cloud)


every = pytest.mark.parametrize("operation", PAGED, ids=id_of)


@pytest.mark.ours
def test_every_list_with_pages_is_filled(furnished: Furnished) -> None:
    assert {id_of(one) for one in PAGED} == furnished.requests.keys()


@pytest.mark.documented(PAGINATION)
@every
def test_pages_bring_each_thing_once_and_in_one_order(furnished: Furnished, operation: Operation) -> None:
    whole = furnished.items(operation, None)
    assert len(whole) > (0 if id_of(operation) in SHORT else 2)
    assert furnished.items(operation, 1) == furnished.items(operation, 2) == whole
    assert len({repr(item) for item in whole}) == len(whole)


@pytest.mark.documented(PAGINATION)
@every
def test_a_page_is_no_larger_than_was_asked(furnished: Furnished, operation: Operation) -> None:
    limited = operation.service.model.paginators[operation.name].get("limit_key")
    assert not limited or max(len(page) for page in furnished.pages(operation, 1)) == 1


@pytest.mark.documented(PAGINATION)
@pytest.mark.parametrize("operation", [one for one in PAGED if id_of(one) not in MARKED], ids=id_of)
def test_a_made_up_token_is_refused_in_the_services_own_code(furnished: Furnished, operation: Operation) -> None:
    described = operation.service.model.paginators[operation.name]
    token = described["input_token"] if isinstance(described["input_token"], str) else described["input_token"][0]
    client = furnished.cloud.client(operation.service.name)
    request = {**furnished.requests[id_of(operation)], token: "NOTATOKENOFANYBODY"}
    one = "1" if operation.service.name == "glacier" else 1  # its limits are strings
    limit = {described["limit_key"]: one} if "limit_key" in described else {}
    with pytest.raises(ClientError) as caught:
        getattr(client, operation.snake)(**request, **limit)
    assert caught.value.response["Error"]["Code"] == operation.service.bad_token


class Going(NamedTuple):
    """A list, and what takes one of its things away."""

    request: dict[str, Any]
    take_away: Callable[[Any, Any], object]


PLAIN, HOLDER, PLACE = {"PathPrefix": "/plain/"}, {"UserName": "holder"}, {"Bucket": "place"}
AWS_POLICIES = ("AdministratorAccess", "IAMFullAccess", "ReadOnlyAccess", "SecurityAudit")
GOING: Mapping[str, Going] = {
    "iam:ListUsers": Going(PLAIN, lambda iam, one: iam.delete_user(UserName=one["UserName"])),
    "iam:ListGroups": Going({}, lambda iam, one: iam.delete_group(GroupName=one["GroupName"])),
    "iam:ListRoles": Going({}, lambda iam, one: iam.delete_role(RoleName=one["RoleName"])),
    "iam:ListPolicies": Going({"Scope": "Local"}, lambda iam, one: iam.delete_policy(PolicyArn=one["Arn"])),
    "iam:ListInstanceProfiles": Going(
        {}, lambda iam, one: iam.delete_instance_profile(InstanceProfileName=one["InstanceProfileName"])
    ),
    "iam:ListUserPolicies": Going(HOLDER, lambda iam, one: iam.delete_user_policy(**HOLDER, PolicyName=one)),
    "iam:ListAttachedUserPolicies": Going(
        HOLDER, lambda iam, one: iam.detach_user_policy(**HOLDER, PolicyArn=one["PolicyArn"])
    ),
    "iam:ListUserTags": Going(HOLDER, lambda iam, one: iam.untag_user(**HOLDER, TagKeys=[one["Key"]])),
    "sqs:ListQueues": Going({}, lambda sqs, one: sqs.delete_queue(QueueUrl=one)),
    "s3:ListBuckets": Going({"Prefix": "spare-"}, lambda s3, one: s3.delete_bucket(Bucket=one["Name"])),
    "s3:ListObjects": Going(PLACE, lambda s3, one: s3.delete_object(**PLACE, Key=one["Key"])),
    "s3:ListObjectsV2": Going(PLACE, lambda s3, one: s3.delete_object(**PLACE, Key=one["Key"])),
    "s3:ListObjectVersions": Going(
        PLACE, lambda s3, one: s3.delete_object(**PLACE, Key=one["Key"], VersionId=one["VersionId"])
    ),
    "s3:ListMultipartUploads": Going(
        PLACE, lambda s3, one: s3.abort_multipart_upload(**PLACE, Key=one["Key"], UploadId=one["UploadId"])
    ),
}


@pytest.fixture
def plain(cloud: Cloud) -> Cloud:
    """Four of what can simply be taken away."""
    iam, sqs, s3 = cloud.client("iam"), cloud.client("sqs"), cloud.client("s3")
    iam.create_user(**HOLDER, Tags=BLUE)
    s3.create_bucket(**PLACE)
    s3.put_bucket_versioning(**PLACE, VersioningConfiguration={"Status": "Enabled"})
    for n in range(1, 5):
        iam.create_user(UserName=f"u{n}", Path="/plain/")
        iam.create_group(GroupName=f"g{n}")
        iam.create_role(RoleName=f"r{n}", AssumeRolePolicyDocument=trusting(AWS=ACCOUNT))
        iam.create_instance_profile(InstanceProfileName=f"i{n}")
        iam.create_policy(PolicyName=f"p{n}", PolicyDocument=document())
        iam.put_user_policy(**HOLDER, PolicyName=f"own{n}", PolicyDocument=document())
        iam.attach_user_policy(**HOLDER, PolicyArn=f"arn:aws:iam::aws:policy/{AWS_POLICIES[n - 1]}")
        sqs.create_queue(QueueName=f"q{n}")
        s3.create_bucket(Bucket=f"spare-{n}")
        s3.put_object(**PLACE, Key=f"o{n}", Body=b"x")
        s3.create_multipart_upload(**PLACE, Key="u" if n < 3 else f"u{n}")
    return cloud


@pytest.mark.documented(PAGINATION)
@pytest.mark.parametrize("name", GOING)
def test_the_next_page_goes_on_though_the_last_thing_seen_is_gone(plain: Cloud, name: str) -> None:
    operation, going = next(one for one in PAGED if id_of(one) == name), GOING[name]
    client = plain.client(operation.service.name)
    paginator = client.get_paginator(operation.snake)
    seen = []
    for page in paginator.paginate(**going.request, PaginationConfig={"PageSize": 1}):
        (item,) = [item for key in paginator.result_keys for item in key.search(page) or ()]
        seen.append(repr(item))
        going.take_away(client, item)
    assert len(set(seen)) == len(seen) == 4
