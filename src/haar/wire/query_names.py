"""Names that the query protocol uses and a model no longer tells.

SQS moved to JSON, and its model lost the names of the form's parameters and of the XML's elements. Old SDKs, and any
program that writes `?Action=SendMessage` itself, still speak the query protocol, and AWS still answers them.
Source, with the examples of the API reference that use `AttributeName.1` and `Attribute.1.Name`:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haar.catalog.models import ServiceModel

__all__ = ["with_query_names"]

# list shape -> what each of its elements is called
_SQS_LISTS = {
    "AWSAccountIdList": "AWSAccountId",
    "ActionNameList": "ActionName",
    "AttributeNameList": "AttributeName",
    "BatchResultErrorEntryList": "BatchResultErrorEntry",
    "BinaryList": "BinaryListValue",
    "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
    "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
    "ListMessageMoveTasksResultEntryList": "ListMessageMoveTasksResultEntry",
    "MessageAttributeNameList": "MessageAttributeName",
    "MessageList": "Message",
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "QueueUrlList": "QueueUrl",
    "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
    "SendMessageBatchResultEntryList": "SendMessageBatchResultEntry",
    "StringList": "StringListValue",
    "TagKeyList": "TagKey",
}
# map shape -> what an entry, its key and its value are called
_SQS_MAPS = {
    "MessageBodyAttributeMap": ("MessageAttribute", "Name", "Value"),
    "MessageBodySystemAttributeMap": ("MessageSystemAttribute", "Name", "Value"),
    "MessageSystemAttributeMap": ("Attribute", "Name", "Value"),
    "QueueAttributeMap": ("Attribute", "Name", "Value"),
    "TagMap": ("Tag", "Key", "Value"),
}
# error shape -> its HTTP status in the query protocol, where that is not 400 (JSON answers all of them with 400)
_SQS_STATUS = {
    "InvalidAddress": 404,
    "InvalidIdFormat": 404,
    "InvalidSecurity": 403,
    "OverLimit": 403,
    "PurgeQueueInProgress": 403,
    "ReceiptHandleIsInvalid": 404,
    "RequestThrottled": 403,
    "ResourceNotFoundException": 404,
}


@cache
def with_query_names(model: ServiceModel) -> ServiceModel:
    """The model as the query protocol needs it: itself, for all services but SQS."""
    if model.name != "sqs":
        return model
    from haar.catalog.models import ServiceModel as Model

    shapes: dict[str, dict[str, Any]] = dict(model.shapes)
    for name, element in _SQS_LISTS.items():
        if name in shapes:
            named = {**shapes[name]["member"], "locationName": element}
            shapes[name] = {**shapes[name], "flattened": True, "member": named}
    for name, (entry, key, value) in _SQS_MAPS.items():
        if name in shapes:
            shape = shapes[name]
            shapes[name] = {
                **shape,
                "flattened": True,
                "locationName": entry,
                "key": {**shape["key"], "locationName": key},
                "value": {**shape["value"], "locationName": value},
            }
    for name, status in _SQS_STATUS.items():
        if name in shapes:
            error = {"code": name, "senderFault": True, **shapes[name].get("error", {}), "httpStatusCode": status}
            shapes[name] = {**shapes[name], "error": error}
    return Model(
        model.name, f"{model.stamp}-query", model.metadata, model.operations, shapes, model.paginators, model.snake
    )
