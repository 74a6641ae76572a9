"""An account's IAM, from the first user to the last: every operation that is written, each with what it needs."""

from __future__ import annotations

from typing import Any

from haar import Cloud
from tests.conformance.life import material
from tests.conformance.life.material import document, one_time_code, trusting

__all__ = ["live"]

ACCOUNT = "000000000000"
TAGS = [{"Key": "team", "Value": "blue"}]
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def live(cloud: Cloud) -> None:
    """Everything, in an order in which it works. What is not taken down again is there to be found later."""
    iam = cloud.client("iam")
    _account(iam)
    _users(iam)
    _credentials(cloud, iam)
    _groups(iam)
    _policies(iam)
    _roles(iam)
    _profiles(iam)
    _certificates(iam)
    _devices(cloud, iam)
    _providers(iam)
    _linked(cloud, iam)
    _reports(cloud, iam)
    _simulation(iam)


def _account(iam: Any) -> None:
    iam.create_account_alias(AccountAlias="first")
    iam.list_account_aliases()
    iam.delete_account_alias(AccountAlias="first")
    iam.create_account_alias(AccountAlias="conformance")
    iam.update_account_password_policy(MinimumPasswordLength=12)
    iam.get_account_password_policy()
    iam.delete_account_password_policy()
    iam.update_account_password_policy(MinimumPasswordLength=10, AllowUsersToChangePassword=True)
    iam.get_account_summary()
    iam.set_security_token_service_preferences(GlobalEndpointTokenVersion="v2Token")
    iam.enable_outbound_web_identity_federation()
    iam.get_outbound_web_identity_federation_info()
    iam.disable_outbound_web_identity_federation()
    iam.enable_outbound_web_identity_federation()


def _users(iam: Any) -> None:
    iam.create_user(UserName="ann", Path="/staff/", Tags=TAGS, PermissionsBoundary=READ_ONLY)
    iam.create_user(UserName="temporary")
    iam.get_user(UserName="ann")
    iam.list_users(PathPrefix="/staff/")
    iam.update_user(UserName="temporary", NewUserName="passing")
    iam.tag_user(UserName="ann", Tags=[{"Key": "level", "Value": "1"}])
    iam.list_user_tags(UserName="ann")
    iam.untag_user(UserName="ann", TagKeys=["level"])
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document("*"))
    iam.put_user_policy(UserName="ann", PolicyName="other", PolicyDocument=document())
    iam.get_user_policy(UserName="ann", PolicyName="own")
    iam.list_user_policies(UserName="ann")
    iam.delete_user_policy(UserName="ann", PolicyName="other")
    iam.attach_user_policy(UserName="ann", PolicyArn=READ_ONLY)
    iam.list_attached_user_policies(UserName="ann")
    iam.detach_user_policy(UserName="ann", PolicyArn=READ_ONLY)
    iam.attach_user_policy(UserName="ann", PolicyArn=READ_ONLY)
    iam.delete_user_permissions_boundary(UserName="ann")
    iam.put_user_permissions_boundary(UserName="passing", PermissionsBoundary=READ_ONLY)
    iam.delete_user(UserName="passing")


def _credentials(cloud: Cloud, iam: Any) -> None:
    made = iam.create_access_key(UserName="ann")["AccessKey"]
    iam.list_access_keys(UserName="ann")
    iam.create_login_profile(UserName="ann", Password="correct-Horse-1")
    iam.get_login_profile(UserName="ann")
    iam.update_login_profile(UserName="ann", Password="correct-Horse-2")
    own = cloud.client("iam", access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"])
    own.change_password(OldPassword="correct-Horse-2", NewPassword="correct-Horse-3")
    iam.get_access_key_last_used(AccessKeyId=made["AccessKeyId"])
    other = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    iam.update_access_key(UserName="ann", AccessKeyId=other, Status="Inactive")
    iam.delete_access_key(UserName="ann", AccessKeyId=other)
    iam.create_user(UserName="guest")
    iam.create_login_profile(UserName="guest", Password="correct-Horse-4")
    iam.delete_login_profile(UserName="guest")
    git = iam.create_service_specific_credential(UserName="ann", ServiceName="codecommit.amazonaws.com")
    name = git["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
    iam.list_service_specific_credentials(UserName="ann")
    iam.reset_service_specific_credential(UserName="ann", ServiceSpecificCredentialId=name)
    iam.update_service_specific_credential(UserName="ann", ServiceSpecificCredentialId=name, Status="Inactive")
    second = iam.create_service_specific_credential(UserName="ann", ServiceName="cassandra.amazonaws.com")
    last = second["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
    iam.delete_service_specific_credential(UserName="ann", ServiceSpecificCredentialId=last)
    key = iam.upload_ssh_public_key(UserName="ann", SSHPublicKeyBody=material.ssh_key())["SSHPublicKey"]
    place = {"UserName": "ann", "SSHPublicKeyId": key["SSHPublicKeyId"]}
    iam.get_ssh_public_key(**place, Encoding="PEM")
    iam.list_ssh_public_keys(UserName="ann")
    iam.update_ssh_public_key(**place, Status="Inactive")
    iam.delete_ssh_public_key(**place)
    iam.upload_ssh_public_key(UserName="ann", SSHPublicKeyBody=material.ssh_key())


def _groups(iam: Any) -> None:
    iam.create_group(GroupName="crowd")
    iam.update_group(GroupName="crowd", NewGroupName="team", NewPath="/all/")
    iam.add_user_to_group(GroupName="team", UserName="ann")
    iam.add_user_to_group(GroupName="team", UserName="guest")
    iam.get_group(GroupName="team")
    iam.list_groups()
    iam.list_groups_for_user(UserName="ann")
    iam.remove_user_from_group(GroupName="team", UserName="guest")
    iam.put_group_policy(GroupName="team", PolicyName="own", PolicyDocument=document())
    iam.put_group_policy(GroupName="team", PolicyName="other", PolicyDocument=document())
    iam.get_group_policy(GroupName="team", PolicyName="own")
    iam.list_group_policies(GroupName="team")
    iam.delete_group_policy(GroupName="team", PolicyName="other")
    iam.attach_group_policy(GroupName="team", PolicyArn=READ_ONLY)
    iam.list_attached_group_policies(GroupName="team")
    iam.detach_group_policy(GroupName="team", PolicyArn=READ_ONLY)
    iam.create_group(GroupName="nobody-in-it")
    iam.delete_group(GroupName="nobody-in-it")


def _policies(iam: Any) -> None:
    made = iam.create_policy(PolicyName="reads", PolicyDocument=document(), Tags=TAGS)["Policy"]["Arn"]
    iam.get_policy(PolicyArn=made)
    iam.list_policies(Scope="Local")
    iam.create_policy_version(PolicyArn=made, PolicyDocument=document("sqs:*"))
    iam.get_policy_version(PolicyArn=made, VersionId="v1")
    iam.list_policy_versions(PolicyArn=made)
    iam.set_default_policy_version(PolicyArn=made, VersionId="v2")
    iam.delete_policy_version(PolicyArn=made, VersionId="v1")
    iam.attach_group_policy(GroupName="team", PolicyArn=made)
    iam.list_entities_for_policy(PolicyArn=made)
    iam.tag_policy(PolicyArn=made, Tags=[{"Key": "level", "Value": "1"}])
    iam.list_policy_tags(PolicyArn=made)
    iam.untag_policy(PolicyArn=made, TagKeys=["level"])
    iam.delete_policy(PolicyArn=iam.create_policy(PolicyName="gone", PolicyDocument=document())["Policy"]["Arn"])


def _roles(iam: Any) -> None:
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trusting(AWS=ACCOUNT), Tags=TAGS, Description="works")
    iam.get_role(RoleName="worker")
    iam.list_roles()
    iam.update_role(RoleName="worker", MaxSessionDuration=7200)
    iam.update_role_description(RoleName="worker", Description="works hard")
    iam.update_assume_role_policy(
        RoleName="worker", PolicyDocument=trusting(AWS=f"arn:aws:iam::{ACCOUNT}:user/staff/ann")
    )
    iam.tag_role(RoleName="worker", Tags=[{"Key": "level", "Value": "1"}])
    iam.list_role_tags(RoleName="worker")
    iam.untag_role(RoleName="worker", TagKeys=["level"])
    iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=document())
    iam.put_role_policy(RoleName="worker", PolicyName="other", PolicyDocument=document())
    iam.get_role_policy(RoleName="worker", PolicyName="own")
    iam.list_role_policies(RoleName="worker")
    iam.delete_role_policy(RoleName="worker", PolicyName="other")
    iam.attach_role_policy(RoleName="worker", PolicyArn=READ_ONLY)
    iam.list_attached_role_policies(RoleName="worker")
    iam.detach_role_policy(RoleName="worker", PolicyArn=READ_ONLY)
    iam.put_role_permissions_boundary(RoleName="worker", PermissionsBoundary=READ_ONLY)
    iam.delete_role_permissions_boundary(RoleName="worker")
    iam.create_role(RoleName="idle", AssumeRolePolicyDocument=trusting(Service="ec2.amazonaws.com"))
    iam.delete_role(RoleName="idle")


def _profiles(iam: Any) -> None:
    iam.create_instance_profile(InstanceProfileName="box", Tags=TAGS)
    iam.get_instance_profile(InstanceProfileName="box")
    iam.list_instance_profiles()
    iam.add_role_to_instance_profile(InstanceProfileName="box", RoleName="worker")
    iam.list_instance_profiles_for_role(RoleName="worker")
    iam.tag_instance_profile(InstanceProfileName="box", Tags=[{"Key": "level", "Value": "1"}])
    iam.list_instance_profile_tags(InstanceProfileName="box")
    iam.untag_instance_profile(InstanceProfileName="box", TagKeys=["level"])
    iam.remove_role_from_instance_profile(InstanceProfileName="box", RoleName="worker")
    iam.create_instance_profile(InstanceProfileName="empty")
    iam.delete_instance_profile(InstanceProfileName="empty")


def _certificates(iam: Any) -> None:
    given = {"CertificateBody": material.certificate(), "PrivateKey": material.private()}
    iam.upload_server_certificate(ServerCertificateName="web", **given, Tags=TAGS)
    iam.get_server_certificate(ServerCertificateName="web")
    iam.list_server_certificates()
    iam.tag_server_certificate(ServerCertificateName="web", Tags=[{"Key": "level", "Value": "1"}])
    iam.list_server_certificate_tags(ServerCertificateName="web")
    iam.untag_server_certificate(ServerCertificateName="web", TagKeys=["level"])
    iam.upload_server_certificate(ServerCertificateName="old", **given)
    iam.update_server_certificate(ServerCertificateName="old", NewServerCertificateName="older")
    iam.delete_server_certificate(ServerCertificateName="older")
    body = material.certificate()
    name = iam.upload_signing_certificate(UserName="ann", CertificateBody=body)["Certificate"]["CertificateId"]
    iam.list_signing_certificates(UserName="ann")
    iam.update_signing_certificate(UserName="ann", CertificateId=name, Status="Inactive")
    iam.delete_signing_certificate(UserName="ann", CertificateId=name)
    iam.upload_signing_certificate(UserName="ann", CertificateBody=body)


def _devices(cloud: Cloud, iam: Any) -> None:
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Tags=TAGS)["VirtualMFADevice"]
    serial, seed = made["SerialNumber"], made["Base32StringSeed"]
    iam.list_virtual_mfa_devices()
    place = {"UserName": "ann", "SerialNumber": serial}
    for operation in (iam.enable_mfa_device, iam.resync_mfa_device):
        cloud.advance(minutes=5)  # a code is good once
        now = cloud.clock.now()
        operation(
            **place, AuthenticationCode1=one_time_code(seed, now - 30), AuthenticationCode2=one_time_code(seed, now)
        )
    iam.get_mfa_device(SerialNumber=serial)
    iam.list_mfa_devices(UserName="ann")
    iam.tag_mfa_device(SerialNumber=serial, Tags=[{"Key": "level", "Value": "1"}])
    iam.list_mfa_device_tags(SerialNumber=serial)
    iam.untag_mfa_device(SerialNumber=serial, TagKeys=["level"])
    iam.deactivate_mfa_device(**place)
    spare = iam.create_virtual_mfa_device(VirtualMFADeviceName="spare")["VirtualMFADevice"]["SerialNumber"]
    iam.delete_virtual_mfa_device(SerialNumber=spare)


def _providers(iam: Any) -> None:
    saml = iam.create_saml_provider(Name="corp", SAMLMetadataDocument=material.metadata(), Tags=TAGS)["SAMLProviderArn"]
    iam.get_saml_provider(SAMLProviderArn=saml)
    iam.list_saml_providers()
    iam.update_saml_provider(SAMLProviderArn=saml, AddPrivateKey=material.private())
    iam.tag_saml_provider(SAMLProviderArn=saml, Tags=[{"Key": "level", "Value": "1"}])
    iam.list_saml_provider_tags(SAMLProviderArn=saml)
    iam.untag_saml_provider(SAMLProviderArn=saml, TagKeys=["level"])
    gone = iam.create_saml_provider(Name="gone", SAMLMetadataDocument=material.metadata())["SAMLProviderArn"]
    iam.delete_saml_provider(SAMLProviderArn=gone)
    made = iam.create_open_id_connect_provider(
        Url="https://idp.example.com", ClientIDList=["app"], ThumbprintList=["a" * 40], Tags=TAGS
    )
    place = {"OpenIDConnectProviderArn": made["OpenIDConnectProviderArn"]}
    iam.get_open_id_connect_provider(**place)
    iam.list_open_id_connect_providers()
    iam.add_client_id_to_open_id_connect_provider(**place, ClientID="second")
    iam.remove_client_id_from_open_id_connect_provider(**place, ClientID="second")
    iam.update_open_id_connect_provider_thumbprint(**place, ThumbprintList=["b" * 40])
    iam.tag_open_id_connect_provider(**place, Tags=[{"Key": "level", "Value": "1"}])
    iam.list_open_id_connect_provider_tags(**place)
    iam.untag_open_id_connect_provider(**place, TagKeys=["level"])
    last = iam.create_open_id_connect_provider(Url="https://gone.example.com", ThumbprintList=["a" * 40])
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=last["OpenIDConnectProviderArn"])


def _linked(cloud: Cloud, iam: Any) -> None:
    role = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")["Role"]["RoleName"]
    task = iam.delete_service_linked_role(RoleName=role)["DeletionTaskId"]
    cloud.advance(minutes=1)
    iam.get_service_linked_role_deletion_status(DeletionTaskId=task)


def _reports(cloud: Cloud, iam: Any) -> None:
    iam.get_account_authorization_details()
    iam.generate_credential_report()
    cloud.advance(minutes=1)
    iam.get_credential_report()
    ann = f"arn:aws:iam::{ACCOUNT}:user/staff/ann"
    job = iam.generate_service_last_accessed_details(Arn=ann)["JobId"]
    cloud.advance(minutes=1)
    iam.get_service_last_accessed_details(JobId=job)
    iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="iam")
    iam.list_policies_granting_service_access(Arn=ann, ServiceNamespaces=["iam"])


def _simulation(iam: Any) -> None:
    ann = f"arn:aws:iam::{ACCOUNT}:user/staff/ann"
    iam.simulate_custom_policy(PolicyInputList=[document()], ActionNames=["sqs:ListQueues", "sqs:CreateQueue"])
    iam.simulate_principal_policy(PolicySourceArn=ann, ActionNames=["sqs:ListQueues"])
    iam.get_context_keys_for_custom_policy(PolicyInputList=[document()])
    iam.get_context_keys_for_principal_policy(PolicySourceArn=ann)
