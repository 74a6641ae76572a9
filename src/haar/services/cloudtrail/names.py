"""Names of trails, and prefixes of their files. Pure.

Source: AWS CloudTrail User Guide, cloudtrail-trail-naming-requirements.html; API Reference, API_CreateTrail.html.
"""

from __future__ import annotations

import re

from haar.services.cloudtrail.service import cloudtrail

LENGTHS = (3, 128)
PREFIX_LENGTH = 200
_CHARACTERS = re.compile(r"[A-Za-z0-9._-]*")
_EDGE = re.compile(r"[A-Za-z0-9]")
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_ODD_PREFIX = re.compile(r"[^A-Za-z0-9!_.*'()/=+@:,&$ -]")


def check(name: str) -> None:
    """Refuse what cannot be the name of a trail. Raises InvalidTrailNameException."""
    shortest, longest = LENGTHS
    if len(name) < shortest:
        said = f"Trail name too short. Minimum allowed length: {shortest} characters."
        raise _invalid(f"{said} Specified name length: {len(name)} characters.")
    if len(name) > longest:
        said = f"Trail name too long. Maximum allowed length: {longest} characters."
        raise _invalid(f"{said} Specified name length: {len(name)} characters.")
    if not _CHARACTERS.fullmatch(name):
        raise _invalid(
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), "
            "hyphens (-), and underscores (_)."
        )
    if not _EDGE.match(name[0]):
        raise _invalid("Trail name must starts with a letter or number.")
    if not _EDGE.match(name[-1]):
        raise _invalid("Trail name must ends with a letter or number.")
    if re.search(r"[._-]{2}", name):
        raise _invalid("Trail name cannot have adjacent periods, underscores or dashes.")
    if _ADDRESS.fullmatch(name):
        raise _invalid("Trail name cannot be in IP address format.")


def check_prefix(prefix: str) -> None:
    """Refuse what cannot come before `/AWSLogs/`. Raises InvalidS3PrefixException."""
    if len(prefix) > PREFIX_LENGTH:
        message = f"S3 prefix is too long. Maximum allowed length: {PREFIX_LENGTH} characters."
        raise cloudtrail.error("InvalidS3PrefixException", message)
    if _ODD_PREFIX.search(prefix):
        raise cloudtrail.error("InvalidS3PrefixException", f"S3 prefix is not valid: {prefix}")


def _invalid(message: str) -> Exception:
    return cloudtrail.error("InvalidTrailNameException", message)
