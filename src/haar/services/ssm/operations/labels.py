"""Labels: names for versions. A label is on one version at a time, and moves when it is given to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haar.kit import Call, replace
from haar.services.ssm.places import selected
from haar.services.ssm.resources import Parameter
from haar.services.ssm.rules import fits_label
from haar.services.ssm.service import LABELS_MAX, ssm
from haar.services.ssm.throttle import count_call

if TYPE_CHECKING:
    from haar.shapes import ssm as api


@ssm.operation
def label_parameter_version(
    call: Call, parameter: Parameter, request: api.LabelParameterVersionRequest
) -> api.LabelParameterVersionResult:
    count_call(call)
    number = request.get("ParameterVersion") or parameter.content.version
    selected(call, parameter, f":{number}")
    good = [label for label in request["Labels"] if fits_label(label)]
    labels = parameter.labels | dict.fromkeys(good, number)
    if [*labels.values()].count(number) > LABELS_MAX:
        raise ssm.error(
            "ParameterVersionLabelLimitExceeded",
            f"A parameter version can have maximum {LABELS_MAX} labels. "
            "Move one or more labels to another version and try again.",
        )
    call.tx.put(replace(parameter, labels=labels))
    return {"InvalidLabels": [one for one in request["Labels"] if one not in good], "ParameterVersion": number}


@ssm.operation
def unlabel_parameter_version(
    call: Call, parameter: Parameter, request: api.UnlabelParameterVersionRequest
) -> api.UnlabelParameterVersionResult:
    count_call(call)
    number = request["ParameterVersion"]
    selected(call, parameter, f":{number}")
    gone = [label for label in dict.fromkeys(request["Labels"]) if parameter.labels.get(label) == number]
    labels = {label: at for label, at in parameter.labels.items() if label not in gone}
    call.tx.put(replace(parameter, labels=labels))
    return {"RemovedLabels": gone, "InvalidLabels": [one for one in request["Labels"] if one not in gone]}
