"""Server and signing certificates, SSH keys: what is uploaded is really read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from haar import Cloud

API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
CERTS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_server-certs.html"
END = datetime(2040, 1, 1, tzinfo=UTC)
PEM = serialization.Encoding.PEM


@cache
def key(name: str) -> ec.EllipticCurvePrivateKey:
    """A key by name."""
    assert name
    return ec.generate_private_key(ec.SECP256R1())


def secret(name: str) -> str:
    """A key's private half in PEM."""
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key(name).private_bytes(PEM, *form).decode()


@cache
def certificate(subject: str, issuer: str = "", end: datetime = END) -> str:
    """A certificate in PEM; self-signed unless there is an issuer."""
    issuer = issuer or subject
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key(subject).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=10_000))
        .not_valid_after(end)
        .sign(key(issuer), hashes.SHA256())
    )
    return made.public_bytes(PEM).decode()


def upload(cloud: Cloud, name: str = "web", **options: Any) -> Any:
    """The IAM client, once a certificate is uploaded."""
    iam = cloud.client("iam")
    given: dict[str, Any] = {"CertificateBody": certificate("web"), "PrivateKey": secret("web"), **options}
    iam.upload_server_certificate(ServerCertificateName=name, **given)
    return iam


# -- server certificates ---------------------------------------------------------------------------------------


@pytest.mark.documented(CERTS)
def test_a_server_certificate_knows_when_it_ends(cloud: Cloud) -> None:
    iam = upload(cloud, Path="/cloudfront/")
    shown = iam.get_server_certificate(ServerCertificateName="web")["ServerCertificate"]
    metadata = shown["ServerCertificateMetadata"]
    assert metadata["Arn"] == "arn:aws:iam::000000000000:server-certificate/cloudfront/web"
    assert metadata["ServerCertificateId"].startswith("ASCA")
    assert metadata["Expiration"] == END
    assert shown["CertificateBody"] == certificate("web").strip()


@pytest.mark.ours
def test_a_private_key_never_comes_back(cloud: Cloud) -> None:
    from haar.kit.audit import Event

    iam = upload(cloud)
    inside = secret("web").splitlines()[1]
    assert inside not in repr(iam.get_server_certificate(ServerCertificateName="web"))
    with cloud.store.transaction() as tx:
        assert inside not in repr(list(tx.range(Event, "000000000000")))


@pytest.mark.documented(API + "API_UploadServerCertificate.html")
def test_what_is_no_certificate_is_refused(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.MalformedCertificateException, match="PEM format"):
        upload(cloud, CertificateBody="hello")


@pytest.mark.documented(API + "API_UploadServerCertificate.html")
def test_the_key_of_another_certificate_is_refused(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.KeyPairMismatchException):
        upload(cloud, PrivateKey=secret("other"))


@pytest.mark.documented(API + "API_UploadServerCertificate.html")
def test_what_is_no_key_is_refused(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.MalformedCertificateException, match="Unable to parse key"):
        upload(cloud, PrivateKey="hello")


@pytest.mark.documented(CERTS)
def test_a_chain_begins_with_who_signed_the_certificate(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    body, between, root = certificate("web", "between"), certificate("between", "root"), certificate("root")
    upload(cloud, "good", CertificateBody=body, CertificateChain=between + root)
    with pytest.raises(iam.exceptions.MalformedCertificateException, match="invalid certificate is: 0"):
        upload(cloud, "bad", CertificateBody=body, CertificateChain=root + between)


@pytest.mark.documented(API + "API_UploadServerCertificate.html")
def test_two_server_certificates_of_one_name_are_refused(cloud: Cloud) -> None:
    iam = upload(cloud)
    with pytest.raises(
        iam.exceptions.EntityAlreadyExistsException, match="The Server Certificate with name web already"
    ):
        upload(cloud)


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html")
def test_an_account_has_twenty_server_certificates_at_most(cloud: Cloud) -> None:
    for number in range(20):
        upload(cloud, f"web{number}")
    iam = cloud.client("iam")
    with pytest.raises(iam.exceptions.LimitExceededException, match="ServerCertificatesPerAccount: 20"):
        upload(cloud, "one-more")


@pytest.mark.documented(API + "API_ListServerCertificates.html")
def test_server_certificates_are_listed_by_path(cloud: Cloud) -> None:
    upload(cloud, "a", Path="/cloudfront/")
    iam = upload(cloud, "b")
    found = iam.list_server_certificates(PathPrefix="/cloudfront")["ServerCertificateMetadataList"]
    assert [one["ServerCertificateName"] for one in found] == ["a"]


@pytest.mark.documented(API + "API_UpdateServerCertificate.html")
def test_a_renamed_server_certificate_keeps_its_id(cloud: Cloud) -> None:
    iam = upload(cloud)
    before = iam.get_server_certificate(ServerCertificateName="web")["ServerCertificate"]["ServerCertificateMetadata"]
    iam.update_server_certificate(ServerCertificateName="web", NewServerCertificateName="site", NewPath="/x/")
    (after,) = iam.list_server_certificates()["ServerCertificateMetadataList"]
    assert (after["ServerCertificateName"], after["Path"]) == ("site", "/x/")
    assert after["ServerCertificateId"] == before["ServerCertificateId"]


@pytest.mark.documented(API + "API_DeleteServerCertificate.html")
def test_a_deleted_server_certificate_is_gone(cloud: Cloud) -> None:
    iam = upload(cloud)
    iam.delete_server_certificate(ServerCertificateName="web")
    with pytest.raises(
        iam.exceptions.NoSuchEntityException, match="The Server Certificate with name web cannot be found"
    ):
        iam.get_server_certificate(ServerCertificateName="web")


@pytest.mark.documented(API + "API_TagServerCertificate.html")
def test_server_certificates_are_tagged(cloud: Cloud) -> None:
    iam = upload(cloud, Tags=[{"Key": "team", "Value": "red"}])
    iam.tag_server_certificate(ServerCertificateName="web", Tags=[{"Key": "old", "Value": "1"}])
    iam.untag_server_certificate(ServerCertificateName="web", TagKeys=["old"])
    assert iam.list_server_certificate_tags(ServerCertificateName="web")["Tags"] == [{"Key": "team", "Value": "red"}]


# -- signing certificates --------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_UploadSigningCertificate.html")
def test_a_user_has_two_signing_certificates_at_most(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    iam.upload_signing_certificate(UserName="ann", CertificateBody=certificate("one"))
    iam.upload_signing_certificate(UserName="ann", CertificateBody=certificate("two"))
    with pytest.raises(iam.exceptions.LimitExceededException):
        iam.upload_signing_certificate(UserName="ann", CertificateBody=certificate("three"))
    assert len(iam.list_signing_certificates(UserName="ann")["Certificates"]) == 2


@pytest.mark.documented(API + "API_UploadSigningCertificate.html")
def test_a_signing_certificate_is_uploaded_once(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.upload_signing_certificate(CertificateBody=certificate("one"))
    with pytest.raises(iam.exceptions.DuplicateCertificateException):
        iam.upload_signing_certificate(CertificateBody=certificate("one"))


@pytest.mark.documented(API + "API_UploadSigningCertificate.html")
def test_an_expired_signing_certificate_is_refused(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    cloud.advance(days=20 * 366)
    with pytest.raises(iam.exceptions.InvalidCertificateException):
        iam.upload_signing_certificate(CertificateBody=certificate("one"))


@pytest.mark.documented(API + "API_UpdateSigningCertificate.html")
def test_a_signing_certificate_is_switched_off_and_deleted(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    made = iam.upload_signing_certificate(CertificateBody=certificate("one"))["Certificate"]
    iam.update_signing_certificate(CertificateId=made["CertificateId"], Status="Inactive")
    assert [one["Status"] for one in iam.list_signing_certificates()["Certificates"]] == ["Inactive"]
    iam.delete_signing_certificate(CertificateId=made["CertificateId"])
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.delete_signing_certificate(CertificateId=made["CertificateId"])


# -- SSH keys --------------------------------------------------------------------------------------------------


@cache
def public(number: int, bits: int) -> rsa.RSAPublicKey:
    """The public half of an RSA key."""
    assert number >= 0
    return rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()


def ssh(number: int = 0, bits: int = 2048) -> str:
    """The same as `ssh-rsa AAAA...`."""
    form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    return public(number, bits).public_bytes(*form).decode()


def spki() -> str:
    """The same in PEM."""
    return public(0, 2048).public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode().strip()


@pytest.mark.documented(API + "API_UploadSSHPublicKey.html")
def test_an_ssh_key_comes_back_in_either_form(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    made = iam.upload_ssh_public_key(UserName="ann", SSHPublicKeyBody=spki())["SSHPublicKey"]
    assert made["SSHPublicKeyId"].startswith("APKA")
    place = {"UserName": "ann", "SSHPublicKeyId": made["SSHPublicKeyId"]}
    assert iam.get_ssh_public_key(**place, Encoding="SSH")["SSHPublicKey"]["SSHPublicKeyBody"] == ssh()
    assert iam.get_ssh_public_key(**place, Encoding="PEM")["SSHPublicKey"]["SSHPublicKeyBody"] == spki()


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_ssh-keys.html")
def test_the_fingerprint_is_the_md5_of_the_key(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    made = iam.upload_ssh_public_key(UserName="ann", SSHPublicKeyBody=ssh())["SSHPublicKey"]
    digest = serialization.ssh_key_fingerprint(public(0, 2048), hashes.MD5())
    assert made["Fingerprint"] == digest.hex(":")


@pytest.mark.documented(API + "API_UploadSSHPublicKey.html")
@pytest.mark.parametrize("body", ["hello", ssh(bits=1024)])
def test_an_ssh_key_has_2048_bits_at_least(cloud: Cloud, body: str) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    with pytest.raises(iam.exceptions.InvalidPublicKeyException):
        iam.upload_ssh_public_key(UserName="ann", SSHPublicKeyBody=body)


@pytest.mark.documented(API + "API_UploadSSHPublicKey.html")
def test_an_ssh_key_is_uploaded_once(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    iam.upload_ssh_public_key(UserName="ann", SSHPublicKeyBody=ssh())
    with pytest.raises(iam.exceptions.DuplicateSSHPublicKeyException):
        iam.upload_ssh_public_key(UserName="ann", SSHPublicKeyBody=ssh() + " ann@home")


@pytest.mark.documented("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html")
def test_a_user_has_five_ssh_keys_at_most(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    for number in range(5):
        iam.upload_ssh_public_key(UserName="ann", SSHPublicKeyBody=ssh(number))
    with pytest.raises(iam.exceptions.LimitExceededException):
        iam.upload_ssh_public_key(UserName="ann", SSHPublicKeyBody=ssh(5))


@pytest.mark.documented(API + "API_UpdateSSHPublicKey.html")
def test_an_ssh_key_is_switched_off_and_deleted(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    made = iam.upload_ssh_public_key(UserName="ann", SSHPublicKeyBody=ssh())["SSHPublicKey"]
    place = {"UserName": "ann", "SSHPublicKeyId": made["SSHPublicKeyId"]}
    iam.update_ssh_public_key(**place, Status="Inactive")
    assert [one["Status"] for one in iam.list_ssh_public_keys(UserName="ann")["SSHPublicKeys"]] == ["Inactive"]
    iam.delete_ssh_public_key(**place)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.delete_ssh_public_key(**place)
