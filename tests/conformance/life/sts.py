"""Every session there is. Lives after `life.iam` and `life.organizations`."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from haar import Cloud
from tests.conformance.life import material
from tests.conformance.life.material import document, trusting

__all__ = ["live"]

ACCOUNT = "000000000000"

#: The lives that come first.
AFTER = ("organizations",)


def live(cloud: Cloud) -> None:
    """Sessions of a user, a role, a federated user, two kinds of strangers, and a member's root user."""
    iam = cloud.client("iam")
    made = iam.create_access_key(UserName="ann")["AccessKey"]
    pair = {"access_key": made["AccessKeyId"], "secret_key": made["SecretAccessKey"]}
    ann = cloud.client("sts", **pair)
    ann.get_caller_identity()
    ann.get_web_identity_token(Audience=["https://example.com"], SigningAlgorithm="RS256")
    ann.get_access_key_info(AccessKeyId=made["AccessKeyId"])
    ann.get_session_token(DurationSeconds=900)
    ann.get_federation_token(Name="visitor", Policy=document("*"))
    shift = ann.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/worker", RoleSessionName="shift")["Credentials"]
    worker = {
        "access_key": shift["AccessKeyId"],
        "secret_key": shift["SecretAccessKey"],
        "token": shift["SessionToken"],
    }
    cloud.client("sqs", **worker).list_queues()
    _strangers(cloud, iam)
    _denial(cloud, iam, ann)
    member = cloud.client("organizations").list_accounts()["Accounts"]
    number = next(one["Id"] for one in member if one["Name"] == "member")
    policy = {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"}
    ann.assume_root(TargetPrincipal=number, TaskPolicyArn=policy)


def _strangers(cloud: Cloud, iam: Any) -> None:
    saml = f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"
    role = iam.create_role(
        RoleName="visits-by-saml", AssumeRolePolicyDocument=trusting("sts:AssumeRoleWithSAML", Federated=saml)
    )["Role"]["Arn"]
    unsigned = cloud.client("sts", access_key=None)
    text = material.assertion(role, saml, cloud.clock.real())
    unsigned.assume_role_with_saml(RoleArn=role, PrincipalArn=saml, SAMLAssertion=text)
    issuer = "https://idp.example.com"
    cloud.ports.proofs.publish(issuer, material.jwks())
    web = f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.example.com"
    role = iam.create_role(
        RoleName="visits-by-web", AssumeRolePolicyDocument=trusting("sts:AssumeRoleWithWebIdentity", Federated=web)
    )["Role"]["Arn"]
    text = material.token(issuer, cloud.clock.real())
    unsigned.assume_role_with_web_identity(RoleArn=role, RoleSessionName="web", WebIdentityToken=text)


def _denial(cloud: Cloud, iam: Any, ann: Any) -> None:
    made = iam.create_access_key(UserName="guest")["AccessKey"]
    guest = cloud.client("ec2", access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"])
    try:
        guest.describe_instances()
    except ClientError as error:
        message = error.response["Error"]["Message"]
        ann.decode_authorization_message(EncodedMessage=message.rpartition(" ")[2])
