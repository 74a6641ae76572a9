"""AWS KMS: keys that never leave, policies on each of them, and everything that is encrypted or signed with them.

* Symmetric keys (AES-256-GCM), RSA, the NIST curves, secp256k1, Ed25519, ML-DSA and HMAC keys, and multi-Region keys.
* A key's policy is needed: without it nobody gets in, not even root. The policy of a key that is made without one
  leaves everything to the account's own policies. Grants let in beside it; a denial anywhere wins.
* Encryption contexts are bound to what is encrypted, and seen by conditions and by grants.
* The clock rotates keys (`cloud.advance(days=365)`), deletes them after their waiting period, and lets imported
  material expire. A ciphertext knows which material made it, so rotation loses nothing.
* Services have keys of their own (`alias/aws/s3`, ...), made when they are first used or described: everybody in the
  account may use one through its service, nobody may change it.
* Key material is sealed under the cloud's root key before it is stored, and no operation returns it.
* Ciphertexts are Haar's own: they are no ciphertexts of AWS, and cannot be carried to it.
* A replica is `Creating` for two seconds, and two keys that change places are `Updating` for as long.

Not built: custom key stores, replies for Nitro enclaves (`Recipient`), ML-KEM; SM2 exists in China alone.

Reference: https://docs.aws.amazon.com/kms/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from haar.services.kms import operations
from haar.services.kms.service import kms

__all__ = ["kms", "operations"]

kms.refuses(
    "A custom key store is a CloudHSM cluster or a key manager outside, and neither is built.",
    "ConnectCustomKeyStore",
    "CreateCustomKeyStore",
    "DeleteCustomKeyStore",
    "DescribeCustomKeyStores",
    "DisconnectCustomKeyStore",
    "UpdateCustomKeyStore",
)
kms.refuses("Keys for key encapsulation (ML-KEM) are not built.", "Decapsulate", "Encapsulate")
