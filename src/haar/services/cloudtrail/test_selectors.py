"""Which events a trail wants: what selectors may say, and what they choose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from haar.kit.audit import Event
from haar.services.cloudtrail import selectors
from haar.services.cloudtrail.conftest import Desk

API = "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/"
FILTERS = GUIDE + "filtering-data-events.html"
Refused = Callable[..., str]


def event(service: str = "iam", operation: str = "CreateUser", **more: Any) -> Event:
    """An event of account 000000000000."""
    return Event(account="0" * 12, region="us-east-1", at=1.0, id="e", service=service, operation=operation, **more)


def s3_event(operation: str, key: str, bucket: str = "books", **more: Any) -> Event:
    """A data event about an object."""
    return event("s3", operation, data=True, request={"Bucket": bucket, "Key": key}, **more)


def chosen(found: Event, *, basic: Any = (), advanced: Any = ()) -> bool:
    """Whether a trail with these selectors wants an event."""
    return selectors.wants(
        selectors.basic(basic) if basic else [], selectors.advanced(advanced) if advanced else []
    )(found)  # fmt: skip


def fields(**wanted: Any) -> list[dict[str, Any]]:
    """One advanced selector; `resources_type` stands for `resources.type`, and a list for Equals."""
    spelled = {name.replace("_", "."): value for name, value in wanted.items()}
    return [
        {
            "FieldSelectors": [
                {"Field": name, **(value if isinstance(value, dict) else {"Equals": value})}
                for name, value in spelled.items()
            ]
        }
    ]


# -- basic -------------------------------------------------------------------------------------------------------


@pytest.mark.documented(GUIDE + "logging-management-events-with-cloudtrail.html")
def test_a_trail_wants_all_management_events_and_no_data_events() -> None:
    assert chosen(event()) and chosen(event("iam", "GetUser", read_only=True))
    assert not chosen(s3_event("GetObject", "a"))


@pytest.mark.documented(API + "API_EventSelector.html")
@pytest.mark.parametrize(
    ("kind", "reads", "writes"), [("All", True, True), ("ReadOnly", True, False), ("WriteOnly", False, True)]
)
def test_reads_or_writes_are_chosen(kind: str, reads: bool, writes: bool) -> None:
    basic = [{"ReadWriteType": kind}]
    assert chosen(event("iam", "GetUser", read_only=True), basic=basic) is reads
    assert chosen(event(), basic=basic) is writes


@pytest.mark.documented(API + "API_EventSelector.html")
def test_events_of_a_busy_service_are_left_out() -> None:
    basic = [{"ExcludeManagementEventSources": ["kms.amazonaws.com"]}]
    assert not chosen(event("kms", "Encrypt"), basic=basic)
    assert chosen(event(), basic=basic)


@pytest.mark.documented(API + "API_EventSelector.html")
def test_management_events_are_left_out() -> None:
    basic = [{"IncludeManagementEvents": False}]
    assert not chosen(event(), basic=basic)


@pytest.mark.documented(API + "API_DataResource.html")
@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("arn:aws:s3", True),
        ("arn:aws:s3:::", True),
        ("arn:aws:s3:::books/", True),
        ("arn:aws:s3:::books/old", True),
        ("arn:aws:s3:::books/new", False),
        ("arn:aws:s3:::book/", False),
    ],
)
def test_objects_are_chosen_by_what_their_arns_begin_with(value: str, wanted: bool) -> None:
    basic = [{"DataResources": [{"Type": "AWS::S3::Object", "Values": [value]}]}]
    assert chosen(s3_event("GetObject", "old/one.txt"), basic=basic) is wanted


@pytest.mark.documented(API + "API_DataResource.html")
@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("arn:aws:lambda", True),
        ("arn:aws:lambda:us-east-1:000000000000:function:hello", True),
        ("arn:aws:lambda:us-east-1:000000000000:function:hell", False),
    ],
)
def test_functions_are_chosen_by_their_whole_arns(value: str, wanted: bool) -> None:
    basic = [{"DataResources": [{"Type": "AWS::Lambda::Function", "Values": [value]}]}]
    arn = "arn:aws:lambda:us-east-1:000000000000:function:hello"
    found = event("lambda", "Invoke", data=True, resources=[(arn, "AWS::Lambda::Function")])
    assert chosen(found, basic=basic) is wanted


@pytest.mark.documented(API + "API_EventSelector.html")
def test_an_event_that_one_of_several_selectors_names_is_wanted() -> None:
    objects = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::books/"]}]
    basic = [
        {"ReadWriteType": "WriteOnly"},
        {"ReadWriteType": "ReadOnly", "IncludeManagementEvents": False, "DataResources": objects},
    ]
    assert chosen(event(), basic=basic)
    assert chosen(s3_event("GetObject", "a", read_only=True), basic=basic)
    assert not chosen(s3_event("PutObject", "a"), basic=basic)


# -- advanced ----------------------------------------------------------------------------------------------------


@pytest.mark.documented(FILTERS)
@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ({"Equals": ["PutObject"]}, True),
        ({"Equals": ["GetObject"]}, False),
        ({"Equals": ["GetObject"], "StartsWith": ["Put"]}, True),
        ({"EndsWith": ["Object", "Acl"]}, True),
        ({"NotEquals": ["PutObject"]}, False),
        ({"NotStartsWith": ["Get"], "NotEndsWith": ["Acl"]}, True),
        ({"NotStartsWith": ["Get"], "NotEndsWith": ["Object"]}, False),
        ({"StartsWith": ["Put"], "NotEndsWith": ["Object"]}, False),
    ],
)
def test_selecting_is_joined_by_or_and_excluding_by_and(condition: dict[str, Any], wanted: bool) -> None:
    advanced = fields(eventCategory=["Data"], resources_type=["AWS::S3::Object"], eventName=condition)
    assert chosen(s3_event("PutObject", "a"), advanced=advanced) is wanted


@pytest.mark.documented(FILTERS)
def test_all_fields_of_a_selector_must_match() -> None:
    advanced = fields(
        eventCategory=["Data"], resources_type=["AWS::S3::Object"], readOnly=["false"],
        resources_ARN={"StartsWith": ["arn:aws:s3:::books/"]},
    )  # fmt: skip
    assert chosen(s3_event("PutObject", "a"), advanced=advanced)
    assert not chosen(s3_event("PutObject", "a", bucket="films"), advanced=advanced)
    assert not chosen(s3_event("GetObject", "a", read_only=True), advanced=advanced)


@pytest.mark.documented(FILTERS)
def test_advanced_selectors_know_every_kind_of_resource() -> None:
    queue = ("arn:aws:sqs:us-east-1:000000000000:q", "AWS::SQS::Queue")
    sent = event("sqs", "SendMessage", data=True, resources=[queue])
    assert chosen(sent, advanced=fields(eventCategory=["Data"], resources_type=["AWS::SQS::Queue"]))
    assert not chosen(sent, advanced=fields(eventCategory=["Data"], resources_type=["AWS::S3::Object"]))
    assert not chosen(event(), advanced=fields(eventCategory=["Data"], resources_type=["AWS::SQS::Queue"]))


@pytest.mark.documented(FILTERS)
def test_events_are_chosen_by_who_called() -> None:
    arn = "arn:aws:iam::000000000000:user/alice"
    about = {"eventCategory": ["Data"], "resources_type": ["AWS::S3::Object"]}
    advanced = fields(**about, userIdentity_arn={"NotEquals": [arn]})
    by = {"principal_kind": "user", "principal_account": "0" * 12}
    assert not chosen(s3_event("PutObject", "a", principal_arn=arn, **by), advanced=advanced)
    assert chosen(s3_event("PutObject", "a", principal_arn=arn + "2", **by), advanced=advanced)


@pytest.mark.documented(API + "API_AdvancedFieldSelector.html")
def test_management_events_are_chosen_with_fields() -> None:
    advanced = fields(
        eventCategory=["Management"], readOnly=["false"], eventSource={"NotEquals": ["kms.amazonaws.com"]}
    )
    assert chosen(event(), advanced=advanced)
    assert not chosen(event("iam", "GetUser", read_only=True), advanced=advanced)
    assert not chosen(event("kms", "CreateKey"), advanced=advanced)
    assert not chosen(s3_event("PutObject", "a"), advanced=advanced)


# -- kept and refused --------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_GetEventSelectors.html")
def test_a_new_trail_shows_the_default_selector(desk: Desk) -> None:
    arn = desk.trail()
    shown = desk.api.get_event_selectors(TrailName="trail")
    assert shown["TrailARN"] == arn
    assert shown["EventSelectors"] == [
        {
            "ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [],
            "ExcludeManagementEventSources": [],
        }
    ]  # fmt: skip


@pytest.mark.documented(API + "API_PutEventSelectors.html")
def test_one_kind_of_selectors_takes_the_place_of_the_other(desk: Desk) -> None:
    desk.trail()
    desk.api.put_event_selectors(TrailName="trail", EventSelectors=[{"ReadWriteType": "ReadOnly"}])
    advanced = fields(eventCategory=["Management"])
    desk.api.put_event_selectors(TrailName="trail", AdvancedEventSelectors=advanced)
    shown = desk.api.get_event_selectors(TrailName="trail")
    assert ("EventSelectors" in shown, shown["AdvancedEventSelectors"]) == (False, advanced)
    assert desk.api.get_trail(Name="trail")["Trail"]["HasCustomEventSelectors"] is True


BUCKET: dict[str, Any] = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::books/"]}


@pytest.mark.documented(API + "API_PutEventSelectors.html")
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"EventSelectors": [{}], "AdvancedEventSelectors": fields(eventCategory=["Management"])},
        {"EventSelectors": []},
        {"EventSelectors": [{}] * 6},
        {"EventSelectors": [{"ReadWriteType": "Sometimes"}]},
        {"EventSelectors": [{"ExcludeManagementEventSources": ["iam.amazonaws.com"]}]},
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::SQS::Queue", "Values": ["arn:aws:sqs"]}]}]},
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": []}]}]},
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::books"]}]}]},
        {"EventSelectors": [{"DataResources": [{**BUCKET, "Values": BUCKET["Values"] * 251}]}]},
        {"AdvancedEventSelectors": []},
        {"AdvancedEventSelectors": fields(readOnly=["true"])},
        {"AdvancedEventSelectors": fields(eventCategory=["Everything"])},
        {"AdvancedEventSelectors": fields(eventCategory=["Data"])},
        {"AdvancedEventSelectors": fields(eventCategory=["Management"], eventName=["CreateUser"])},
        {"AdvancedEventSelectors": fields(eventCategory=["Management"], eventSource=["iam.amazonaws.com"])},
        {"AdvancedEventSelectors": fields(eventCategory=["Management"], readOnly=["perhaps"])},
        {"AdvancedEventSelectors": fields(eventCategory=["Data"], resources_type={"StartsWith": ["AWS::"]})},
        {"AdvancedEventSelectors": fields(eventCategory=["Management"], readOnly={})},
    ],
)
def test_odd_selectors_are_refused(desk: Desk, refused: Refused, given: dict[str, Any]) -> None:
    desk.trail()
    code = refused(desk.api.put_event_selectors, TrailName="trail", **given)
    assert code == "InvalidEventSelectorsException"


@pytest.mark.documented(API + "API_PutEventSelectors.html")
def test_selectors_are_changed_at_home(desk: Desk, refused: Refused) -> None:
    arn = desk.trail(IsMultiRegionTrail=True)
    away = desk.of("cloudtrail", "eu-west-1")
    assert refused(away.put_event_selectors, TrailName=arn, EventSelectors=[{}]) == "InvalidHomeRegionException"
    assert away.get_event_selectors(TrailName=arn)["TrailARN"] == arn


# -- Insights ----------------------------------------------------------------------------------------------------


@pytest.mark.documented(API + "API_PutInsightSelectors.html")
def test_insight_selectors_are_kept(desk: Desk, refused: Refused) -> None:
    desk.trail()
    assert refused(desk.api.get_insight_selectors, TrailName="trail") == "InsightNotEnabledException"
    wanted = [{"InsightType": "ApiCallRateInsight"}, {"InsightType": "ApiErrorRateInsight"}]
    desk.api.put_insight_selectors(TrailName="trail", InsightSelectors=wanted)
    assert desk.api.get_insight_selectors(TrailName="trail")["InsightSelectors"] == wanted
    assert desk.api.get_trail(Name="trail")["Trail"]["HasInsightSelectors"] is True


@pytest.mark.documented(API + "API_PutInsightSelectors.html")
def test_insights_need_the_events_that_they_are_found_on(desk: Desk, refused: Refused) -> None:
    desk.trail()
    desk.api.put_event_selectors(TrailName="trail", EventSelectors=[{"ReadWriteType": "ReadOnly"}])
    rate, errors = [{"InsightType": "ApiCallRateInsight"}], [{"InsightType": "ApiErrorRateInsight"}]
    code = refused(desk.api.put_insight_selectors, TrailName="trail", InsightSelectors=rate)
    assert code == "InvalidInsightSelectorsException"
    desk.api.put_insight_selectors(TrailName="trail", InsightSelectors=errors)
    assert desk.api.get_insight_selectors(TrailName="trail")["InsightSelectors"] == errors
