"""AWS CloudTrail: the history of every call that was ever made.

`LookupEvents` needs no trail and nothing to switch on. It answers from the rows that every call writes in its own
transaction, so a call that was answered is in the history, and a call that was refused is there with its error.

* Events are kept for 90 days of virtual time, per account and region. Global services (IAM, Organizations) are in
  us-east-1, STS in the region that was asked.
* Data events (such as a message sent) are listed too, with `eventCategory` `Data`; AWS delivers those to trails only.
* Secrets are not kept: passwords, one-time codes, tokens and secret keys are hidden or left out.
* Event ids follow from request ids; an event seen by two accounts has the same id in both.
* A filter that matches little may bring pages with few events, or none, and a token to go on with, as on AWS.

Trails, event data stores, Insights and queries are refused.

Source: AWS CloudTrail API Reference, API_LookupEvents.html; AWS CloudTrail User Guide,
cloudtrail-event-reference-record-contents.html and cloudtrail-event-reference-user-identity.html.
"""

from __future__ import annotations

from haar.services.cloudtrail.operations import cloudtrail

__all__ = ["cloudtrail"]

cloudtrail.refuses(
    "Trails need S3, which is not built.",
    "CreateTrail",
    "DeleteTrail",
    "DescribeTrails",
    "GetEventSelectors",
    "GetTrail",
    "GetTrailStatus",
    "ListTrails",
    "PutEventSelectors",
    "StartLogging",
    "StopLogging",
    "UpdateTrail",
)
cloudtrail.refuses("Digest files are delivered to S3 by trails, which are not built.", "ListPublicKeys")
cloudtrail.refuses(
    "It is a setting of trails and event data stores, neither of which is built.",
    "AddTags",
    "DeleteResourcePolicy",
    "GetEventConfiguration",
    "GetResourcePolicy",
    "ListTags",
    "PutEventConfiguration",
    "PutResourcePolicy",
    "RemoveTags",
)
cloudtrail.refuses(
    "CloudTrail's administrator looks after an organization's trails and event data stores; neither is built.",
    "DeregisterOrganizationDelegatedAdmin",
    "RegisterOrganizationDelegatedAdmin",
)
cloudtrail.refuses(
    "Insights are found on trails and event data stores, neither of which is built.",
    "GetInsightSelectors",
    "ListInsightsData",
    "ListInsightsMetricData",
    "PutInsightSelectors",
)
cloudtrail.refuses(
    "CloudTrail Lake (event data stores and all that works on them) is not built; AWS has closed it to new customers.",
    "CancelQuery",
    "CreateChannel",
    "CreateDashboard",
    "CreateEventDataStore",
    "DeleteChannel",
    "DeleteDashboard",
    "DeleteEventDataStore",
    "DescribeQuery",
    "DisableFederation",
    "EnableFederation",
    "GenerateQuery",
    "GetChannel",
    "GetDashboard",
    "GetEventDataStore",
    "GetImport",
    "GetQueryResults",
    "ListChannels",
    "ListDashboards",
    "ListEventDataStores",
    "ListImportFailures",
    "ListImports",
    "ListQueries",
    "RestoreEventDataStore",
    "SearchSampleQueries",
    "StartDashboardRefresh",
    "StartEventDataStoreIngestion",
    "StartImport",
    "StartQuery",
    "StopEventDataStoreIngestion",
    "StopImport",
    "UpdateChannel",
    "UpdateDashboard",
    "UpdateEventDataStore",
)
