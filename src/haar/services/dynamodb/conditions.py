"""The condition keys of DynamoDB's policies: who may read and write which items, and which of their attributes.

Source: DynamoDB Developer Guide, specifying-conditions.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from haar.kit import Call
from haar.services.dynamodb.expressions.request import expressions_of
from haar.services.dynamodb.key_conditions import conditions_of
from haar.services.dynamodb.resources import Table
from haar.services.dynamodb.service import dynamodb
from haar.services.dynamodb.targets import look_up
from haar.services.dynamodb.values import stored
