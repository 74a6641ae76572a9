"""GetWebIdentityToken: tokens for the outside, what they say and who gets them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from haar import Cloud

API = "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html"
GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
CLAIMS = GUIDE + "id_roles_providers_outbound_token_claims.html"
POLICIES = GUIDE + "id_roles_providers_outbound_policies.html"
START = GUIDE + "id_roles_providers_outbound_getting_started.html"
ACCOUNT = "000000000000"
AUDIENCE = "https://api.example.com"
OWN = "https://sts.amazonaws.com/"
ASK: dict[str, Any] = {"Audience": [AUDIENCE], "SigningAlgorithm": "ES384"}


def refused(call: Any, **request: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    reply = caught.value.response
    return reply["Error"]["Code"], reply["ResponseMetadata"]["HTTPStatusCode"]


def enabled(cloud: Cloud) -> str:
    """The issuer of the account, which may now ask for tokens."""
    return str(cloud.client("iam").enable_outbound_web_identity_federation()["IssuerIdentifier"])


def user(cloud: Cloud, *statements: dict[str, Any]) -> dict[str, str]:
    """The access key of a new user, alice of team red, who may do what statements say."""
    iam = cloud.client("iam")
    iam.create_user(UserName="alice", Tags=[{"Key": "team", "Value": "red"}])
    document = json.dumps({"Version": "2012-10-17", "Statement": [*statements]})
    iam.put_user_policy(UserName="alice", PolicyName="allowed", PolicyDocument=document)
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}


def allow(*actions: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}


def role_keys(cloud: Cloud, *, session_tags: tuple[tuple[str, str], ...] = ()) -> dict[str, str]:
    """A session of fifteen minutes of a new role, worker of team blue."""
    iam = cloud.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    tags = [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "test"}]
    arn = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=document, Tags=tags)["Role"]["Arn"]
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow("sts:GetWebIdentityToken")]})
    iam.put_role_policy(RoleName="worker", PolicyName="allowed", PolicyDocument=document)
    assumer = cloud.client("sts", **user(cloud, allow("sts:AssumeRole", "sts:TagSession")))
    given = assumer.assume_role(
        RoleArn=arn, RoleSessionName="one", DurationSeconds=900,
        Tags=[{"Key": name, "Value": value} for name, value in session_tags],
    )["Credentials"]  # fmt: skip
    return {
        "access_key": given["AccessKeyId"], "secret_key": given["SecretAccessKey"], "token": given["SessionToken"],
    }  # fmt: skip


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token, unverified."""
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


@pytest.mark.documented(API)
def test_no_token_is_given_before_federation_is_enabled(cloud: Cloud) -> None:
    said = refused(cloud.client("sts").get_web_identity_token, **ASK)
    assert said == ("OutboundWebIdentityFederationDisabledException", 403)


@pytest.mark.documented(API)
def test_no_token_is_given_after_federation_is_disabled(cloud: Cloud) -> None:
    enabled(cloud)
    cloud.client("iam").disable_outbound_web_identity_federation()
    said = refused(cloud.client("sts").get_web_identity_token, **ASK)
    assert said == ("OutboundWebIdentityFederationDisabledException", 403)


@pytest.mark.documented(CLAIMS)
def test_a_users_token_says_who_it_is_and_what_it_asked_to_say(cloud: Cloud) -> None:
    issuer = enabled(cloud)
    keys = user(cloud, allow("sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken"))
    sts = cloud.client("sts", region="eu-west-1", **keys)
    reply = sts.get_web_identity_token(**ASK, Tags=[{"Key": "job", "Value": "7"}])
    claims = claims_of(reply["WebIdentityToken"])
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"
    assert (claims["iss"], claims["sub"], claims["aud"]) == (issuer, arn, AUDIENCE)
    assert claims[OWN] == {
        "aws_account": ACCOUNT, "source_region": "eu-west-1", "principal_id": arn, "principal_tags": {"team": "red"},
        "request_tags": {"job": "7"},
    }  # fmt: skip


@pytest.mark.documented(CLAIMS)
def test_a_sessions_token_speaks_of_the_role_and_of_the_sessions_end(cloud: Cloud) -> None:
    enabled(cloud)
    sts = cloud.client("sts", **role_keys(cloud, session_tags=(("team", "green"),)))
    claims = claims_of(sts.get_web_identity_token(**ASK)["WebIdentityToken"])
    assert claims["sub"] == f"arn:aws:iam::{ACCOUNT}:role/worker"
    assert claims[OWN]["principal_tags"] == {"team": "green", "stage": "test"}
    assert claims[OWN]["original_session_exp"].endswith("Z")


@pytest.mark.documented(CLAIMS)
def test_a_member_accounts_token_names_its_organization(cloud: Cloud) -> None:
    enabled(cloud)
    made = cloud.client("organizations").create_organization()["Organization"]
    claims = claims_of(cloud.client("sts").get_web_identity_token(**ASK)["WebIdentityToken"])[OWN]
    assert claims["org_id"] == made["Id"]
    assert claims["ou_path"][0].startswith(f"{made['Id']}/r-")


@pytest.mark.documented(API)
def test_a_token_is_good_for_five_minutes_unless_asked_otherwise(cloud: Cloud) -> None:
    enabled(cloud)
    reply = cloud.client("sts").get_web_identity_token(**ASK)
    claims = claims_of(reply["WebIdentityToken"])
    assert claims["exp"] - claims["iat"] == 300
    assert reply["Expiration"].timestamp() == claims["exp"]


@pytest.mark.documented(API)
def test_several_audiences_are_a_list(cloud: Cloud) -> None:
    enabled(cloud)
    reply = cloud.client("sts").get_web_identity_token(Audience=["one", "two"], SigningAlgorithm="ES384")
    assert claims_of(reply["WebIdentityToken"])["aud"] == ["one", "two"]


@pytest.mark.documented(API)
def test_a_token_does_not_outlive_the_session_that_asks(cloud: Cloud) -> None:
    enabled(cloud)
    sts = cloud.client("sts", **role_keys(cloud))
    assert sts.get_web_identity_token(**ASK, DurationSeconds=600)["WebIdentityToken"]
    said = refused(sts.get_web_identity_token, **ASK, DurationSeconds=1200)
    assert said == ("SessionDurationEscalationException", 403)


@pytest.mark.documented(API)
def test_other_algorithms_are_refused(cloud: Cloud) -> None:
    enabled(cloud)
    said = refused(cloud.client("sts").get_web_identity_token, Audience=[AUDIENCE], SigningAlgorithm="HS256")
    assert said == ("ValidationError", 400)


@pytest.mark.documented(POLICIES)
def test_who_may_ask_for_no_token_gets_none(cloud: Cloud) -> None:
    enabled(cloud)
    sts = cloud.client("sts", **user(cloud, allow("sts:GetFederationToken")))
    assert refused(sts.get_web_identity_token, **ASK) == ("AccessDenied", 403)


@pytest.mark.documented(POLICIES)
def test_tags_need_a_permission_of_their_own(cloud: Cloud) -> None:
    enabled(cloud)
    sts = cloud.client("sts", **user(cloud, allow("sts:GetWebIdentityToken")))
    said = refused(sts.get_web_identity_token, **ASK, Tags=[{"Key": "job", "Value": "7"}])
    assert said == ("AccessDenied", 403)


@pytest.mark.documented(POLICIES)
def test_a_policy_limits_audience_algorithm_and_lifetime(cloud: Cloud) -> None:
    enabled(cloud)
    condition = {
        "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": AUDIENCE},
        "StringEquals": {"sts:SigningAlgorithm": "ES384"},
        "NumericLessThanEquals": {"sts:DurationSeconds": 300},
    }
    sts = cloud.client("sts", **user(cloud, allow("sts:GetWebIdentityToken", Condition=condition)))
    within = {**ASK, "DurationSeconds": 300}
    assert sts.get_web_identity_token(**within)["WebIdentityToken"]
    assert refused(sts.get_web_identity_token, **{**within, "Audience": [AUDIENCE, "x"]})[0] == "AccessDenied"
    assert refused(sts.get_web_identity_token, **{**within, "SigningAlgorithm": "RS256"})[0] == "AccessDenied"
    assert refused(sts.get_web_identity_token, **{**within, "DurationSeconds": 301})[0] == "AccessDenied"


@pytest.mark.documented(START)
def test_a_token_for_the_outside_is_no_way_back_in(cloud: Cloud) -> None:
    issuer = enabled(cloud)
    token = cloud.client("sts").get_web_identity_token(**ASK)["WebIdentityToken"]
    iam = cloud.client("iam")
    provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=[AUDIENCE])["OpenIDConnectProviderArn"]
    trust = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    assume = cloud.client("sts", access_key=None).assume_role_with_web_identity
    said = refused(assume, RoleArn=arn, RoleSessionName="one", WebIdentityToken=token)
    assert said == ("InvalidIdentityToken", 400)


@pytest.mark.ours
def test_the_trail_does_not_keep_the_token(cloud: Cloud) -> None:
    enabled(cloud)
    token = cloud.client("sts").get_web_identity_token(**ASK)["WebIdentityToken"]
    events = cloud.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetWebIdentityToken"}]
    )["Events"]
    assert token not in events[0]["CloudTrailEvent"]
