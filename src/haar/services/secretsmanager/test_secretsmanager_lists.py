"""The list of secrets: filters, order, pages."""

from __future__ import annotations

from typing import Any

import pytest

from haar import Cloud

API = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/"
LIST = API + "API_ListSecrets.html"
FILTER = API + "API_Filter.html"


@pytest.fixture
def some(cloud: Cloud, api: Any) -> Any:
    """A client, and three secrets a minute apart."""
    api.create_secret(Name="prod/web", Description="The Web front end", Tags=[{"Key": "Team", "Value": "Blue"}])
    cloud.advance(60)
    api.create_secret(Name="dev/web", Description="web for tests", Tags=[{"Key": "Team", "Value": "Red"}])
    cloud.advance(60)
    api.create_secret(Name="prod/db", SecretString="x")
    return api


def names(api: Any, *filters: tuple[str, list[str]], **more: Any) -> list[str]:
    asked = {"Filters": [{"Key": key, "Values": values} for key, values in filters]} if filters else {}
    return [one["Name"] for one in api.list_secrets(**asked, **more)["SecretList"]]


@pytest.mark.parametrize(
    ("key", "values", "found"),
    [
        ("name", ["prod/"], {"prod/web", "prod/db"}),
        ("name", ["Prod/"], set()),
        ("name", ["!prod/"], {"dev/web"}),
        ("name", ["dev", "prod/db"], {"dev/web", "prod/db"}),
        ("name", ["prod", "!prod/db"], {"prod/web"}),
        ("description", ["web"], {"prod/web", "dev/web"}),
        ("description", ["FRONT"], {"prod/web"}),
        ("description", ["ront"], set()),
        ("tag-key", ["Team"], {"prod/web", "dev/web"}),
        ("tag-key", ["team"], set()),
        ("tag-value", ["Bl"], {"prod/web"}),
        ("primary-region", ["us-"], set()),
        ("owning-service", ["rds"], set()),
        ("all", ["blue WEB"], {"prod/web"}),
        ("all", ["prod"], {"prod/web", "prod/db"}),
    ],
)
@pytest.mark.documented(FILTER)
def test_secrets_are_filtered(some: Any, key: str, values: list[str], found: set[str]) -> None:
    assert set(names(some, (key, values))) == found


@pytest.mark.documented(LIST)
def test_secrets_pass_every_filter(some: Any) -> None:
    assert names(some, ("name", ["prod"]), ("tag-key", ["Team"])) == ["prod/web"]


@pytest.mark.documented(FILTER)
def test_secrets_with_replicas_are_found_by_their_primary_region(some: Any) -> None:
    some.replicate_secret_to_regions(SecretId="prod/db", AddReplicaRegions=[{"Region": "eu-west-1"}])
    assert names(some, ("primary-region", ["us-east"])) == ["prod/db"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["prod/web", "dev/web", "prod/db"]),
        ({"SortOrder": "desc"}, ["prod/db", "dev/web", "prod/web"]),
        ({"SortBy": "name", "SortOrder": "asc"}, ["dev/web", "prod/db", "prod/web"]),
        ({"SortBy": "name", "SortOrder": "desc"}, ["prod/web", "prod/db", "dev/web"]),
        ({"SortBy": "last-changed-date", "SortOrder": "desc"}, ["dev/web", "prod/db", "prod/web"]),
        ({"SortBy": "last-accessed-date", "SortOrder": "desc"}, ["prod/db", "dev/web", "prod/web"]),
    ],
)
@pytest.mark.documented(LIST)
def test_secrets_are_sorted(cloud: Cloud, some: Any, asked: dict[str, str], found: list[str]) -> None:
    some.get_secret_value(SecretId="prod/db")
    cloud.advance(60)
    some.update_secret(SecretId="dev/web", Description="changed")
    pages = some.get_paginator("list_secrets").paginate(**asked, PaginationConfig={"PageSize": 1})
    assert [one["Name"] for page in pages for one in page["SecretList"]] == found


@pytest.mark.documented(LIST)
def test_secrets_that_are_to_be_deleted_are_listed_on_request(some: Any) -> None:
    some.delete_secret(SecretId="prod/db")
    assert "prod/db" not in names(some)
    assert "prod/db" in names(some, IncludePlannedDeletion=True)


@pytest.mark.documented(LIST)
def test_a_secret_is_listed_with_all_but_its_value(some: Any) -> None:
    (shown,) = some.list_secrets(Filters=[{"Key": "name", "Values": ["prod/web"]}])["SecretList"]
    assert (shown["Description"], shown["Tags"]) == ("The Web front end", [{"Key": "Team", "Value": "Blue"}])
    (shown,) = some.list_secrets(Filters=[{"Key": "name", "Values": ["prod/db"]}])["SecretList"]
    assert [*shown["SecretVersionsToStages"].values()] == [["AWSCURRENT"]]


@pytest.mark.documented(LIST)
def test_everybody_lists_what_is_their_own_accounts(cloud: Cloud, some: Any) -> None:
    assert names(cloud.client("secretsmanager", access_key="111111111111")) == []
    assert names(cloud.client("secretsmanager", region="eu-west-1")) == []
