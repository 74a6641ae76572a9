"""Which parameter a request means: by name, by name and selector, by ARN."""

from __future__ import annotations

from typing import Final

from haar.kit import Call, Refused, ServiceError
from haar.services.ssm.resources import Content, Parameter, Version
from haar.services.ssm.rules import split
from haar.services.ssm.service import ssm

__all__ = ["REFERENCE", "asked", "load", "place_of", "selected"]

#: What stands before the id of a secret of Secrets Manager.
REFERENCE: Final = "/aws/reference/secretsmanager/"
#: Operations that take ARNs and (but for the history) selectors.
_READING: Final = frozenset(("GetParameter", "GetParameters", "GetParameterHistory"))
#: Operations that read secrets of Secrets Manager.
_REFERRING: Final = frozenset(("GetParameter", "GetParameters"))


@ssm.names("Name", Parameter)
def place_of(call: Call, value: str) -> tuple[str, str, str] | Parameter:
    """The key of the parameter that a name means; what stands for a secret is no row, and comes as itself."""
    if ":" in value and call.operation in _READING:
        value = split(value)[0]
        if value.startswith("arn:"):
            return _place_in(call, value)
    if value.startswith("/aws/"):
        if value.startswith(REFERENCE) and call.operation in _REFERRING:
            content = Content(version=0, type="SecureString", value="", changed_at=call.now, changed_by="")
            return Parameter(account=call.account, region=call.region, name=value, content=content)
        refuse_published(call, value)
    return call.account, call.region, value


def refuse_published(call: Call, name: str) -> None:
    """Refuse to answer for what AWS itself publishes."""
    if name.startswith("/aws/service"):
        raise Refused("ssm", call.operation, f"AWS's own public parameters, such as {name}, are not kept here.")


def _place_in(call: Call, arn: str) -> tuple[str, str, str]:
    place = Parameter.key_of(arn)
    if place is None or place[1] != call.region:
        return call.account, call.region, arn
    account, region, name = place
    # /name and name have the same ARN
    if name[:1] != "/" and call.tx.get(Parameter, account, region, name) is None:
        name = f"/{name}"
    return account, region, name


def asked(call: Call, value: str) -> tuple[str, Parameter | None]:
    """What to authorize on for a name: the ARN, and the parameter if it is there."""
    place = place_of(call, value)
    if isinstance(place, Parameter):
        return place.arn, place
    row = call.tx.get(Parameter, *place)
    return (row.arn if row is not None else Parameter.arn_for(*place)), row


def load(call: Call, value: str) -> Parameter:
    """The parameter of a name. Raises ParameterNotFound."""
    row = asked(call, value)[1]
    if row is None:
        raise ServiceError(*Parameter.missing())
    return row


def selected(call: Call, parameter: Parameter, selector: str) -> Content:
    """The version that a selector (`:3`, `:label`) means. Raises ParameterVersionNotFound."""
    wanted = selector[1:]
    number = int(wanted) if wanted.isdecimal() and len(wanted) < 10 else parameter.labels.get(wanted)
    if number == parameter.content.version:
        return parameter.content
    row = None
    if number is not None:
        row = call.tx.get(Version, parameter.account, parameter.region, parameter.name, number)
    if row is None:
        raise ssm.error(
            "ParameterVersionNotFound",
            f"Systems Manager could not find version {wanted} of {parameter.name}. Verify the version and try again.",
        )
    return row.content
