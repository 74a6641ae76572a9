"""AWS CloudTrail: the history of every call, and trails that deliver it to S3.

`LookupEvents` needs no trail and nothing to switch on. It answers from the rows that every call writes in its own
transaction, so a call that was answered is in the history, and a call that was refused is there with its error.

* Events are kept for 90 days of virtual time, per account and region. Global services (IAM, Organizations) are in
  us-east-1, STS in the region that was asked.
* Data events (such as a message sent, or an object read) go to trails that ask for them. `haar logs` shows them, too.
* Secrets are not kept: passwords, one-time codes, tokens and secret keys are hidden or left out.
* Event ids follow from request ids; an event seen by two accounts has the same id in both.
* A filter that matches little may bring pages with few events, or none, and a token to go on with, as on AWS.

A trail delivers every five minutes of the virtual clock, one gzip file for each account and region that has events, by
S3's own door: the bucket's policy (and the KMS key's) must let `cloudtrail.amazonaws.com` in, and what fails is tried
again for 30 days. A call is delivered a minute after it began, at the soonest.

* Event selectors choose: management and data events, reads and writes, resources, with basic or advanced selectors.
* A trail of many regions is seen in all of them, and delivers whatever region an account has used.
* An organization's trail belongs to the management account and records all members, each in its own folder below
  `AWSLogs/o-.../`. A delegated administrator may look after it.
* With log file validation, a signed digest follows every hour; `aws cloudtrail validate-logs` checks the chain. The key
  pairs are made for each region, and changed after 30 days.

SNS topics and CloudWatch Logs groups of trails, Insights, event data stores and their queries are refused.

Source: AWS CloudTrail API Reference; AWS CloudTrail User Guide, cloudtrail-event-reference-record-contents.html,
cloudtrail-event-reference-user-identity.html, cloudtrail-log-file-examples.html and
cloudtrail-log-file-validation-intro.html.
"""

from __future__ import annotations

import haar.services.cloudtrail.operations  # noqa: F401  # importing registers them
from haar.services.cloudtrail.service import cloudtrail

__all__ = ["cloudtrail"]

cloudtrail.refuses(
    "Resource policies are for event data stores, dashboards and channels, none of which is built.",
    "DeleteResourcePolicy",
    "GetResourcePolicy",
    "PutResourcePolicy",
)
cloudtrail.refuses(
    "Events are not aggregated, and are not enriched with tags or condition keys.",
    "GetEventConfiguration",
    "PutEventConfiguration",
)
cloudtrail.refuses(
    "Calls are not analysed for what is unusual, so there are no Insights to list.",
    "ListInsightsData",
    "ListInsightsMetricData",
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
