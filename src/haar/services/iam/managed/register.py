"""Which AWS-managed policies there are: path and name, since when, and what each one grants.

The tables are the whole content. A row of `_PAIRS` makes a FullAccess and a ReadOnlyAccess policy of a service; a
row of `_SINGLE` says in a word list what one policy allows (`make.py` explains `read(sqs)`).

Source: AWS Managed Policy Reference Guide, for names and ARNs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

#: Most of the early policies were published together.
FIRST = "2015-02-06T18:40:00Z"


class Entry(msgspec.Struct, frozen=True):
    """One policy. `statements` have the elements of a policy's; `Action` may hold rules such as `read(sqs)`."""

    statements: tuple[Mapping[str, Any], ...]
    created_at: float
    version: int
    description: str


#: (full access, read only, prefixes, when full, when read only, further actions of full access)
_PAIRS: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("AmazonSQSFullAccess", "AmazonSQSReadOnlyAccess", "sqs", "2015-02-06T18:41:07Z", "2015-02-06T18:41:08Z", ""),
    ("AmazonSNSFullAccess", "AmazonSNSReadOnlyAccess", "sns", "2015-02-06T18:41:05Z", "2015-02-06T18:41:06Z", ""),
    ("IAMFullAccess", "IAMReadOnlyAccess", "iam", "2015-02-06T18:40:38Z", "2015-02-06T18:40:39Z",
     ("organizations:DescribeAccount organizations:DescribeOrganization organizations:DescribeOrganizationalUnit "
     "organizations:DescribePolicy organizations:ListChildren organizations:ListParents "
     "organizations:ListPoliciesForTarget organizations:ListRoots organizations:ListPolicies "
     "organizations:ListTargetsForPolicy")),
    ("AWSOrganizationsFullAccess", "AWSOrganizationsReadOnlyAccess", "organizations", "2018-11-06T20:31:57Z",
     "2018-11-06T20:32:38Z", "account:* iam:CreateServiceLinkedRole"),
    ("AmazonS3FullAccess", "AmazonS3ReadOnlyAccess", "s3 s3-object-lambda", "2015-02-06T18:40:58Z",
     "2015-02-06T18:40:59Z", ""),
    ("AmazonEC2FullAccess", "AmazonEC2ReadOnlyAccess", "ec2 elasticloadbalancing autoscaling", "2015-02-06T18:40:15Z",
     "2015-02-06T18:40:17Z", "cloudwatch:* iam:CreateServiceLinkedRole"),
    ("AmazonVPCFullAccess", "AmazonVPCReadOnlyAccess", "ec2", "2015-02-06T18:41:16Z", "2015-02-06T18:41:17Z", ""),
    ("AmazonDynamoDBFullAccess", "AmazonDynamoDBReadOnlyAccess", "dynamodb dax", "2015-02-06T18:40:11Z",
     "2015-02-06T18:40:12Z", ("application-autoscaling:* cloudwatch:PutMetricAlarm cloudwatch:DeleteAlarms "
     "iam:ListRoles iam:GetRole kms:DescribeKey kms:ListAliases")),
    ("AmazonRDSFullAccess", "AmazonRDSReadOnlyAccess", "rds", "2015-02-06T18:40:52Z", "2015-02-06T18:40:53Z",
     ("cloudwatch:GetMetricStatistics cloudwatch:GetMetricData ec2:DescribeSecurityGroups ec2:DescribeSubnets "
     "ec2:DescribeVpcs ec2:DescribeAvailabilityZones sns:ListTopics sns:Publish logs:DescribeLogStreams "
     "logs:GetLogEvents iam:CreateServiceLinkedRole")),
    ("CloudWatchFullAccess", "CloudWatchReadOnlyAccess", "cloudwatch logs", "2015-02-06T18:40:00Z",
     "2015-02-06T18:40:01Z", "autoscaling:Describe* sns:* iam:GetPolicy iam:GetPolicyVersion iam:GetRole"),
    ("CloudWatchFullAccessV2", "", "cloudwatch logs rum synthetics xray", "2023-08-01T11:32:47Z", "",
     "sns:CreateTopic sns:ListSubscriptions sns:ListTopics sns:Subscribe iam:CreateServiceLinkedRole oam:ListSinks"),
    ("CloudWatchLogsFullAccess", "CloudWatchLogsReadOnlyAccess", "logs", "2015-02-06T18:40:02Z",
     "2015-02-06T18:40:03Z", "cloudwatch:GenerateQuery"),
    ("CloudWatchEventsFullAccess", "CloudWatchEventsReadOnlyAccess", "events", "2016-01-14T18:37:08Z",
     "2016-01-14T18:27:18Z", "iam:PassRole"),
    ("AmazonEventBridgeFullAccess", "AmazonEventBridgeReadOnlyAccess", "events schemas scheduler pipes",
     "2019-07-11T14:08:00Z", "2019-07-11T13:59:00Z", "iam:CreateServiceLinkedRole iam:PassRole"),
    ("AmazonEventBridgeSchedulerFullAccess", "AmazonEventBridgeSchedulerReadOnlyAccess", "scheduler",
     "2022-11-10T18:37:00Z", "2022-11-10T18:50:00Z", "iam:PassRole"),
    ("AWSCloudTrail_FullAccess", "AWSCloudTrail_ReadOnlyAccess", "cloudtrail", "2020-06-15T15:47:00Z",
     "2022-06-14T17:19:00Z", ("s3:CreateBucket s3:ListAllMyBuckets s3:GetBucketLocation s3:GetBucketPolicy "
     "s3:PutBucketPolicy sns:CreateTopic sns:ListTopics sns:SetTopicAttributes logs:CreateLogGroup iam:ListRoles "
     "iam:GetRolePolicy iam:GetUser iam:PassRole kms:CreateKey kms:CreateAlias kms:ListKeys kms:ListAliases "
     "lambda:ListFunctions dynamodb:ListTables")),
    ("AWSLambda_FullAccess", "AWSLambda_ReadOnlyAccess", "lambda", "2020-11-17T21:14:08Z", "2020-11-17T21:10:52Z",
     ("cloudformation:DescribeStacks cloudformation:ListStackResources cloudwatch:ListMetrics cloudwatch:GetMetricData "
     "ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs kms:ListAliases iam:GetPolicy "
     "iam:GetPolicyVersion iam:GetRole iam:GetRolePolicy iam:ListAttachedRolePolicies iam:ListRolePolicies "
     "iam:ListRoles iam:PassRole logs:DescribeLogGroups states:DescribeStateMachine states:ListStateMachines "
     "tag:GetResources xray:GetTraceSummaries xray:BatchGetTraces logs:DescribeLogStreams logs:FilterLogEvents")),
    ("AWSStepFunctionsFullAccess", "AWSStepFunctionsReadOnlyAccess", "states", "2017-01-11T21:51:32Z",
     "2017-01-11T21:46:19Z", ""),
    ("AmazonKinesisFullAccess", "AmazonKinesisReadOnlyAccess", "kinesis", "2015-02-06T18:40:29Z",
     "2015-02-06T18:40:30Z", ""),
    ("AmazonKinesisFirehoseFullAccess", "AmazonKinesisFirehoseReadOnlyAccess", "firehose", "2015-10-07T18:45:26Z",
     "2015-10-07T18:43:39Z", ""),
    ("AmazonRoute53FullAccess", "AmazonRoute53ReadOnlyAccess", "route53", "2015-02-06T18:40:54Z",
     "2015-02-06T18:40:55Z", ("route53domains:* cloudfront:ListDistributions cloudwatch:DescribeAlarms "
     "cloudwatch:GetMetricStatistics s3:ListBucket s3:GetBucketLocation s3:GetBucketWebsite")),
    ("AmazonSESFullAccess", "AmazonSESReadOnlyAccess", "ses", "2015-02-06T18:41:02Z", "2015-02-06T18:41:03Z", ""),
    ("AmazonElastiCacheFullAccess", "AmazonElastiCacheReadOnlyAccess", "elasticache", "2015-02-06T18:40:20Z",
     "2015-02-06T18:40:21Z", "iam:CreateServiceLinkedRole"),
    ("AmazonRedshiftFullAccess", "AmazonRedshiftReadOnlyAccess", "redshift", "2015-02-06T18:40:50Z",
     "2015-02-06T18:40:51Z", ("ec2:DescribeSubnets ec2:DescribeVpcs ec2:DescribeSecurityGroups cloudwatch:Describe* "
     "cloudwatch:Get* cloudwatch:List* iam:CreateServiceLinkedRole")),
    ("AmazonElasticFileSystemFullAccess", "AmazonElasticFileSystemReadOnlyAccess", "elasticfilesystem",
     "2015-05-27T16:22:28Z", "2015-05-27T16:25:25Z", ("ec2:DescribeSubnets ec2:DescribeVpcs "
     "ec2:DescribeNetworkInterfaces ec2:CreateNetworkInterface ec2:DeleteNetworkInterface kms:DescribeKey "
     "kms:ListAliases")),
    ("AmazonFSxFullAccess", "AmazonFSxReadOnlyAccess", "fsx", "2018-11-28T16:34:43Z", "2018-11-28T16:35:17Z", ""),
    ("AmazonSSMFullAccess", "AmazonSSMReadOnlyAccess", "ssm", "2015-05-29T17:39:47Z", "2015-05-29T17:44:19Z",
     ("cloudwatch:PutMetricData ds:CreateComputer ds:DescribeDirectories ec2:DescribeInstanceStatus logs:* "
     "ec2messages:* ssmmessages:*")),
    ("AWSCloudFormationFullAccess", "AWSCloudFormationReadOnlyAccess", "cloudformation", "2019-07-26T21:50:00Z",
     "2015-02-06T18:39:49Z", ""),
    ("CloudFrontFullAccess", "CloudFrontReadOnlyAccess", "cloudfront", "2015-02-06T18:39:50Z", "2015-02-06T18:39:55Z",
     "s3:ListAllMyBuckets acm:ListCertificates iam:ListServerCertificates wafv2:ListWebACLs wafv2:GetWebACL"),
    ("ElasticLoadBalancingFullAccess", "ElasticLoadBalancingReadOnly", "elasticloadbalancing", "2018-09-20T20:42:07Z",
     "2018-09-20T20:17:09Z", ("ec2:DescribeSubnets ec2:DescribeVpcs ec2:DescribeInstances ec2:DescribeSecurityGroups "
     "cognito-idp:DescribeUserPoolClient iam:CreateServiceLinkedRole")),
    ("AutoScalingFullAccess", "AutoScalingReadOnlyAccess", "autoscaling", "2017-01-12T19:31:58Z",
     "2017-01-12T19:39:35Z", ("cloudwatch:PutMetricAlarm ec2:DescribeImages ec2:DescribeInstances "
     "ec2:DescribeLaunchTemplateVersions ec2:DescribeSubnets ec2:DescribeVpcs iam:CreateServiceLinkedRole")),
    ("AWSCertificateManagerFullAccess", "AWSCertificateManagerReadOnly", "acm", "2016-01-21T17:02:36Z",
     "2016-01-21T17:07:33Z", "iam:CreateServiceLinkedRole"),
    ("ServiceQuotasFullAccess", "ServiceQuotasReadOnlyAccess", "servicequotas", "2019-06-24T15:44:56Z",
     "2019-06-24T15:31:50Z", "iam:CreateServiceLinkedRole"),
    ("ResourceGroupsandTagEditorFullAccess", "ResourceGroupsandTagEditorReadOnlyAccess", "resource-groups tag",
     "2015-02-06T18:39:53Z", "2015-02-06T18:39:54Z", ""),
    ("AmazonOpenSearchServiceFullAccess", "AmazonOpenSearchServiceReadOnlyAccess", "es", "2021-09-03T18:27:00Z",
     "2021-09-03T18:27:00Z", ""),
    ("AmazonMSKFullAccess", "AmazonMSKReadOnlyAccess", "kafka", "2019-01-14T22:07:52Z", "2019-01-14T22:28:45Z",
     ("ec2:DescribeSubnets ec2:DescribeVpcs ec2:DescribeSecurityGroups kms:DescribeKey logs:CreateLogDelivery "
     "iam:CreateServiceLinkedRole")),
    ("AmazonMQFullAccess", "AmazonMQReadOnlyAccess", "mq", "2017-11-28T15:28:29Z", "2017-11-28T15:30:32Z",
     "ec2:DescribeSubnets ec2:DescribeVpcs ec2:DescribeSecurityGroups ec2:CreateNetworkInterface"),
    ("AWSXrayFullAccess", "AWSXrayReadOnlyAccess", "xray", "2016-12-01T18:30:55Z", "2016-12-01T18:27:02Z", ""),
    ("AmazonBedrockFullAccess", "AmazonBedrockReadOnly", "bedrock", "2023-12-06T15:47:18Z", "2023-12-06T15:48:00Z",
     "kms:DescribeKey ec2:DescribeVpcs ec2:DescribeSubnets ec2:DescribeSecurityGroups iam:ListRoles"),
    ("AmazonSageMakerFullAccess", "AmazonSageMakerReadOnly", "sagemaker", "2017-11-29T13:07:59Z",
     "2017-11-29T13:07:09Z", ""),
    ("AWSWAFFullAccess", "AWSWAFReadOnlyAccess", "waf waf-regional wafv2", "2015-10-06T20:44:00Z",
     "2015-10-06T20:43:59Z", ""),
    ("AmazonGuardDutyFullAccess", "AmazonGuardDutyReadOnlyAccess", "guardduty", "2017-11-28T22:31:30Z",
     "2017-11-28T22:29:40Z", "iam:CreateServiceLinkedRole"),
    ("AWSSecurityHubFullAccess", "AWSSecurityHubReadOnlyAccess", "securityhub", "2018-11-27T23:54:34Z",
     "2018-11-28T01:34:29Z", "iam:CreateServiceLinkedRole"),
    ("IAMAccessAnalyzerFullAccess", "IAMAccessAnalyzerReadOnlyAccess", "access-analyzer", "2019-12-02T17:12:48Z",
     "2019-12-02T17:12:40Z", "iam:CreateServiceLinkedRole"),
    ("AWSCodeCommitFullAccess", "AWSCodeCommitReadOnly", "codecommit", "2015-07-09T17:02:19Z",
     "2015-07-09T17:05:06Z", ""),
    ("AWSCodeDeployFullAccess", "AWSCodeDeployReadOnlyAccess", "codedeploy", "2015-05-19T18:13:23Z",
     "2015-05-19T18:21:32Z", ""),
    ("AWSCodePipeline_FullAccess", "AWSCodePipeline_ReadOnlyAccess", "codepipeline", "2020-08-03T22:38:01Z",
     "2020-08-03T22:25:18Z", ""),
    ("AWSCodeBuildAdminAccess", "AWSCodeBuildReadOnlyAccess", "codebuild", "2016-12-01T19:04:44Z",
     "2016-12-01T20:03:41Z", "logs:GetLogEvents"),
    ("AmazonEC2ContainerRegistryFullAccess", "AmazonEC2ContainerRegistryReadOnly", "ecr", "2015-12-21T17:06:48Z",
     "2015-12-21T17:04:15Z", "cloudtrail:LookupEvents"),
    ("AmazonElasticContainerRegistryPublicFullAccess", "AmazonElasticContainerRegistryPublicReadOnly", "ecr-public",
     "2020-12-01T17:25:43Z", "2020-12-01T17:27:04Z", "sts:GetServiceBearerToken"),
    ("AmazonECS_FullAccess", "", "ecs", "2017-11-07T21:36:54Z", "", "iam:CreateServiceLinkedRole"),
    ("AmazonAthenaFullAccess", "", "athena", "2016-11-30T16:46:01Z", "",
     "glue:GetDatabase glue:GetDatabases glue:GetTable glue:GetTables glue:GetPartitions s3:ListAllMyBuckets"),
    ("AmazonAPIGatewayAdministrator", "", "apigateway", "2015-07-09T17:34:45Z", "", ""),
    ("AmazonAPIGatewayInvokeFullAccess", "", "execute-api", "2015-07-09T17:36:12Z", "", ""),
    ("AmazonCognitoPowerUser", "AmazonCognitoReadOnly", "cognito-identity cognito-idp cognito-sync",
     "2015-03-24T17:14:56Z", "2015-03-24T17:06:46Z", ""),
    ("AWSBackupFullAccess", "", "backup backup-storage", "2019-11-18T22:21:07Z", "", "iam:CreateServiceLinkedRole"),
    ("SecretsManagerReadWrite", "", "secretsmanager", "2018-04-04T18:05:29Z", "",
     ("cloudformation:CreateChangeSet cloudformation:DescribeChangeSet cloudformation:ExecuteChangeSet "
     "ec2:DescribeSubnets ec2:DescribeVpcs kms:DescribeKey kms:ListAliases kms:ListKeys lambda:ListFunctions "
     "rds:DescribeDBInstances rds:DescribeDBClusters tag:GetResources")),
    ("AmazonTextractFullAccess", "", "textract", "2018-11-28T19:07:42Z", "", ""),
    ("AmazonRekognitionFullAccess", "AmazonRekognitionReadOnlyAccess", "rekognition", "2016-11-30T14:40:44Z",
     "2016-11-30T14:58:06Z", ""),
    ("AmazonPollyFullAccess", "AmazonPollyReadOnlyAccess", "polly", "2016-11-30T18:59:06Z", "2016-11-30T18:59:24Z", ""),
    ("TranslateFullAccess", "TranslateReadOnly", "translate", "2018-11-27T23:36:20Z", "2017-11-29T18:22:00Z", ""),
    ("AmazonInspector2FullAccess", "AmazonInspector2ReadOnlyAccess", "inspector2", "2021-11-29T18:19:55Z",
     "2022-01-21T20:22:00Z", "iam:CreateServiceLinkedRole"),
    ("AWSGlueConsoleFullAccess", "", "glue", "2017-08-14T13:37:39Z", "", "iam:ListRoles s3:ListAllMyBuckets"),
)  # fmt: skip

_LOGS = "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents"
_ENI = (
    "ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets ec2:DeleteNetworkInterface "
    "ec2:AssignPrivateIpAddresses ec2:UnassignPrivateIpAddresses"
)
_TRACES = (
    "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets "
    "xray:GetSamplingStatisticSummaries"
)
_PULL = "ecr:GetAuthorizationToken ecr:BatchCheckLayerAvailability ecr:GetDownloadUrlForLayer ecr:BatchGetImage"

#: (path and name, when, actions, what it is for)
_SINGLE: tuple[tuple[str, str, str, str], ...] = (
    ("/AdministratorAccess", "2015-02-06T18:39:46Z", "*", "Full access to every service and resource"),
    ("/ReadOnlyAccess", "2015-02-06T18:39:48Z", "read(*)", "Reading and listing in every service"),
    ("/SecurityAudit", "2015-02-06T18:41:01Z", "audit(*)", "Reading the configuration of every service, for auditors"),
    ("/job-function/ViewOnlyAccess", "2016-11-10T17:20:15Z", "list(*)", "Seeing what there is in every service"),
    ("/job-function/Billing", "2016-11-10T17:33:18Z", ("aws-portal:* billing:* budgets:* ce:* cur:* payments:* tax:* "
     "consolidatedbilling:* freetier:* invoicing:* pricing:* purchase-orders:*"), "Billing and cost management"),
    ("/job-function/SupportUser", "2016-11-10T17:21:53Z", "support:* audit(*)", "Solving problems, with AWS Support"),
    ("/job-function/NetworkAdministrator", "2016-11-10T17:31:35Z",
     ("ec2:* directconnect:* elasticloadbalancing:* route53:* cloudfront:* networkmanager:* read(autoscaling) "
     "read(cloudwatch) read(logs) read(sns)"), "Setting up and running networks"),
    ("/job-function/DatabaseAdministrator", "2016-11-10T17:25:43Z",
     "rds:* dynamodb:* elasticache:* redshift:* cloudwatch:* read(ec2) read(kms) read(logs) sns:*",
     "Setting up and running databases"),
    ("/job-function/SystemAdministrator", "2016-11-10T17:23:54Z",
     ("ec2:* ssm:* cloudwatch:* logs:* cloudtrail:* config:* autoscaling:* elasticloadbalancing:* sns:* sqs:* "
     "read(iam) read(s3) read(rds)"), "Running applications"),
    ("/job-function/DataScientist", "2016-11-10T17:28:48Z",
     "s3:* athena:* elasticmapreduce:* kinesis:* redshift:* glue:* cloudwatch:* read(ec2) read(iam)", "Data analysis"),
    ("/IAMUserSSHKeys", "2015-07-09T17:08:54Z",
     "iam:DeleteSSHPublicKey iam:GetSSHPublicKey iam:ListSSHPublicKeys iam:UpdateSSHPublicKey iam:UploadSSHPublicKey",
     "Users managing their own SSH keys"),
    ("/IAMAccessAdvisorReadOnly", "2019-06-21T19:33:41Z",
     ("iam:ListRoles iam:ListUsers iam:ListGroups iam:ListPolicies iam:ListPoliciesGrantingServiceAccess "
     "iam:GenerateServiceLastAccessedDetails iam:GetServiceLastAccessedDetails "
     "iam:GetServiceLastAccessedDetailsWithEntities iam:GenerateOrganizationsAccessReport "
     "iam:GetOrganizationsAccessReport organizations:DescribeAccount organizations:DescribeOrganization "
     "organizations:ListPoliciesForTarget"), "Reading when access was last used"),
    ("/AWSSupportAccess", "2015-02-06T18:41:11Z", "support:*", "AWS Support"),
    ("/AWSBillingReadOnlyAccess", "2020-08-27T20:08:45Z", ("read(billing) read(budgets) read(ce) read(cur) "
     "read(payments) read(tax) read(freetier) read(invoicing)"), "Reading bills and costs"),
    ("/AWSKeyManagementServicePowerUser", "2015-02-06T18:40:40Z",
     ("kms:CreateAlias kms:CreateKey kms:DeleteAlias kms:TagResource kms:UntagResource read(kms) iam:ListGroups "
     "iam:ListRoles iam:ListUsers"), "Making keys, without using them"),
    ("/AWSXRayDaemonWriteAccess", "2018-08-28T23:00:33Z", _TRACES, "Sending traces"),
    ("/AWSLambdaExecute", "2015-02-06T18:40:46Z", "logs:* s3:GetObject s3:PutObject", "A function that uses S3"),
    ("/AWSLambdaInvocation-DynamoDB", "2015-02-06T18:40:47Z", ("lambda:InvokeFunction dynamodb:DescribeStream "
     "dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams"), "Reading a stream into a function"),
    ("/AmazonSSMManagedInstanceCore", "2019-03-15T17:22:12Z",
     ("ssm:DescribeAssociation ssm:GetDeployablePatchSnapshotForInstance ssm:GetDocument ssm:DescribeDocument "
     "ssm:GetManifest ssm:GetParameter ssm:GetParameters ssm:ListAssociations ssm:ListInstanceAssociations "
     "ssm:PutInventory ssm:PutComplianceItems ssm:PutConfigurePackageResult ssm:UpdateAssociationStatus "
     "ssm:UpdateInstanceAssociationStatus ssm:UpdateInstanceInformation ssmmessages:CreateControlChannel "
     "ssmmessages:CreateDataChannel ssmmessages:OpenControlChannel ssmmessages:OpenDataChannel "
     "ec2messages:AcknowledgeMessage ec2messages:DeleteMessage ec2messages:FailMessage ec2messages:GetEndpoint "
     "ec2messages:GetMessages ec2messages:SendReply"), "An instance that Systems Manager manages"),
    ("/CloudWatchAgentServerPolicy", "2018-03-07T01:06:44Z", ("cloudwatch:PutMetricData ec2:DescribeVolumes "
     "ec2:DescribeTags logs:PutLogEvents logs:PutRetentionPolicy logs:DescribeLogStreams logs:DescribeLogGroups "
     "logs:CreateLogStream logs:CreateLogGroup xray:PutTraceSegments xray:PutTelemetryRecords"),
     "The CloudWatch agent"),
    ("/AmazonEC2ContainerRegistryPowerUser", "2015-12-21T17:05:33Z", _PULL + " ecr:GetRepositoryPolicy "
     "ecr:DescribeRepositories ecr:ListImages ecr:DescribeImages ecr:GetLifecyclePolicy ecr:ListTagsForResource "
     "ecr:InitiateLayerUpload ecr:UploadLayerPart ecr:CompleteLayerUpload ecr:PutImage", "Pushing and pulling images"),
    ("/AmazonEC2ContainerRegistryPullOnly", "2024-10-03T17:35:00Z", _PULL + " ecr:BatchImportUpstreamImage",
     "Pulling images"),
    ("/AmazonEKSClusterPolicy", "2018-05-27T21:06:14Z", ("autoscaling:Describe* autoscaling:UpdateAutoScalingGroup "
     "ec2:Describe* ec2:AttachVolume ec2:DetachVolume ec2:CreateVolume ec2:DeleteVolume ec2:CreateTags "
     "ec2:CreateSecurityGroup ec2:DeleteSecurityGroup ec2:AuthorizeSecurityGroupIngress ec2:CreateRoute "
     "ec2:DeleteRoute ec2:RevokeSecurityGroupIngress ec2:ModifyInstanceAttribute ec2:ModifyVolume "
     "elasticloadbalancing:* kms:DescribeKey iam:CreateServiceLinkedRole"), "A cluster's control plane"),
    ("/AmazonEKSWorkerNodePolicy", "2018-05-27T21:09:01Z", ("ec2:DescribeInstances ec2:DescribeInstanceTypes "
     "ec2:DescribeRouteTables ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVolumes "
     "ec2:DescribeVolumesModifications ec2:DescribeVpcs eks:DescribeCluster eks-auth:AssumeRoleForPodIdentity"),
     "A cluster's nodes"),
    ("/AmazonEKS_CNI_Policy", "2018-05-27T21:07:42Z", _ENI + " ec2:AttachNetworkInterface ec2:DescribeInstances "
     "ec2:DescribeTags ec2:DescribeInstanceTypes ec2:DetachNetworkInterface ec2:ModifyNetworkInterfaceAttribute "
     "ec2:CreateTags", "The network of pods"),
    ("/AmazonEKSServicePolicy", "2018-05-27T21:08:21Z", ("ec2:CreateNetworkInterface ec2:DeleteNetworkInterface "
     "ec2:Describe* ec2:ModifyNetworkInterfaceAttribute eks:UpdateClusterVersion iam:ListAttachedRolePolicies "
     "logs:CreateLogGroup logs:CreateLogStream logs:DescribeLogStreams logs:PutLogEvents"), "EKS itself"),
    ("/AmazonEMRFullAccessPolicy_v2", "2021-03-12T01:50:30Z", ("elasticmapreduce:* cloudwatch:GetMetricStatistics "
     "ec2:Describe* iam:ListRoles s3:ListAllMyBuckets iam:CreateServiceLinkedRole"), "EMR"),
    ("/AWSCodeCommitPowerUser", "2015-07-09T17:06:49Z", ("read(codecommit) codecommit:BatchAssociate* "
     "codecommit:Create* codecommit:GitPush codecommit:GitPull codecommit:Merge* codecommit:Post* codecommit:Put* "
     "codecommit:Test* codecommit:Update*"), "CodeCommit, without deleting repositories"),
    ("/AWSCodeBuildDeveloperAccess", "2016-12-01T19:02:32Z", ("codebuild:StartBuild codebuild:StopBuild "
     "codebuild:StartBuildBatch codebuild:StopBuildBatch codebuild:RetryBuild codebuild:RetryBuildBatch "
     "read(codebuild) logs:GetLogEvents"), "Running builds"),
    ("/service-role/AWSLambdaBasicExecutionRole", "2015-04-09T15:03:43Z", _LOGS, "A function that writes its log"),
    ("/service-role/AWSLambdaVPCAccessExecutionRole", "2016-02-11T23:15:26Z", f"{_LOGS} {_ENI}", "A function in a VPC"),
    ("/service-role/AWSLambdaENIManagementAccess", "2016-12-06T00:37:27Z", _ENI, "A function's network interfaces"),
    ("/service-role/AWSLambdaSQSQueueExecutionRole", "2018-06-14T21:50:45Z",
     f"sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes {_LOGS}", "A function that reads a queue"),
    ("/service-role/AWSLambdaDynamoDBExecutionRole", "2015-04-09T15:09:29Z",
     f"dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams {_LOGS}",
     "A function that reads a table's stream"),
    ("/service-role/AWSLambdaKinesisExecutionRole", "2015-04-09T15:14:16Z",
     ("kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator "
     f"kinesis:ListShards kinesis:ListStreams kinesis:SubscribeToShard {_LOGS}"), "A function that reads a stream"),
    ("/service-role/AWSLambdaMSKExecutionRole", "2020-08-11T17:35:51Z",
     (f"kafka:DescribeCluster kafka:DescribeClusterV2 kafka:GetBootstrapBrokers {_ENI} ec2:DescribeVpcs "
     f"ec2:DescribeSecurityGroups {_LOGS}"), "A function that reads Kafka"),
    ("/service-role/AWSLambdaRole", "2015-02-06T18:41:28Z", "lambda:InvokeFunction", "Calling functions"),
    ("/service-role/AmazonAPIGatewayPushToCloudWatchLogs", "2015-11-11T23:41:46Z", (f"{_LOGS} "
     "logs:DescribeLogGroups logs:DescribeLogStreams logs:GetLogEvents logs:FilterLogEvents"), "API Gateway's log"),
    ("/service-role/AmazonECSTaskExecutionRolePolicy", "2017-11-16T18:48:22Z",
     f"{_PULL} logs:CreateLogStream logs:PutLogEvents", "Starting a task's containers"),
    ("/service-role/AmazonEC2ContainerServiceforEC2Role", "2015-03-19T18:45:18Z", (f"{_PULL} ec2:DescribeTags "
     "ecs:CreateCluster ecs:DeregisterContainerInstance ecs:DiscoverPollEndpoint ecs:Poll "
     "ecs:RegisterContainerInstance ecs:StartTelemetrySession ecs:UpdateContainerInstancesState ecs:Submit* "
     "logs:CreateLogStream logs:PutLogEvents"), "An instance that runs tasks"),
    ("/service-role/AmazonEC2ContainerServiceRole", "2015-04-09T16:14:19Z", ("ec2:AuthorizeSecurityGroupIngress "
     "ec2:Describe* elasticloadbalancing:DeregisterInstancesFromLoadBalancer elasticloadbalancing:DeregisterTargets "
     "elasticloadbalancing:Describe* elasticloadbalancing:RegisterInstancesWithLoadBalancer "
     "elasticloadbalancing:RegisterTargets"), "ECS itself"),
    ("/service-role/AmazonEC2ContainerServiceEventsRole", "2017-05-30T16:51:35Z", "ecs:RunTask iam:PassRole",
     "Tasks started by events"),
    ("/service-role/AmazonEC2RoleforSSM", "2015-05-29T17:48:35Z", ("ssm:* ssmmessages:* ec2messages:* "
     "cloudwatch:PutMetricData ec2:DescribeInstanceStatus logs:* s3:GetObject s3:PutObject s3:ListBucket"),
     "The earlier policy of managed instances"),
    ("/service-role/AmazonSSMAutomationRole", "2016-12-05T22:09:55Z", ("lambda:InvokeFunction ec2:* cloudformation:* "
     "ssm:* sns:Publish"), "Systems Manager automation"),
    ("/service-role/AmazonRDSEnhancedMonitoringRole", "2015-11-11T19:58:29Z",
     ("logs:CreateLogGroup logs:PutRetentionPolicy logs:CreateLogStream logs:PutLogEvents logs:DescribeLogStreams "
     "logs:GetLogEvents"), "A database's enhanced monitoring"),
    ("/service-role/AWS_ConfigRole", "2020-09-15T20:30:00Z", "config:Put* audit(*)", "AWS Config"),
    ("/service-role/AWSConfigRulesExecutionRole", "2016-03-25T17:59:36Z", ("config:Put* config:Get* config:List* "
     "config:Describe* config:BatchGet* config:Select* s3:GetObject"), "The functions of rules"),
    ("/service-role/AWSGlueServiceRole", "2017-08-14T13:37:21Z", ("glue:* s3:GetBucketLocation s3:ListBucket "
     "s3:ListAllMyBuckets s3:GetBucketAcl s3:CreateBucket s3:GetObject s3:PutObject s3:DeleteObject "
     "ec2:DescribeVpcEndpoints ec2:DescribeRouteTables ec2:CreateNetworkInterface ec2:DeleteNetworkInterface "
     "ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcAttribute "
     f"iam:ListRolePolicies iam:GetRole iam:GetRolePolicy cloudwatch:PutMetricData {_LOGS}"), "Glue's jobs"),
    ("/service-role/AWSBatchServiceRole", "2016-12-06T19:36:24Z", ("ec2:* autoscaling:* ecs:* "
     f"{_LOGS} logs:DescribeLogGroups iam:GetInstanceProfile iam:GetRole iam:PassRole"), "AWS Batch"),
    ("/service-role/AWSCodeDeployRole", "2015-05-04T18:05:37Z", ("autoscaling:* ec2:DescribeInstances "
     "ec2:DescribeInstanceStatus ec2:TerminateInstances tag:GetResources sns:Publish cloudwatch:DescribeAlarms "
     "cloudwatch:PutMetricAlarm elasticloadbalancing:*"), "CodeDeploy"),
    ("/service-role/AWSCodeDeployRoleForLambda", "2017-11-28T14:05:44Z", ("cloudwatch:DescribeAlarms "
     "lambda:UpdateAlias lambda:GetAlias lambda:GetProvisionedConcurrencyConfig sns:Publish s3:GetObject "
     "s3:GetObjectVersion lambda:InvokeFunction"), "CodeDeploy of functions"),
    ("/service-role/AmazonEBSCSIDriverPolicy", "2022-04-04T17:24:29Z", ("ec2:CreateSnapshot ec2:AttachVolume "
     "ec2:DetachVolume ec2:ModifyVolume ec2:DescribeAvailabilityZones ec2:DescribeInstances ec2:DescribeSnapshots "
     "ec2:DescribeTags ec2:DescribeVolumes ec2:DescribeVolumesModifications ec2:CreateTags ec2:DeleteTags "
     "ec2:CreateVolume ec2:DeleteVolume ec2:DeleteSnapshot"), "Volumes of pods"),
    ("/service-role/AWSBackupServiceRolePolicyForBackup", "2019-01-10T21:01:28Z", ("backup:* backup-storage:* "
     "read(dynamodb) dynamodb:CreateBackup dynamodb:StartAwsBackupJob read(rds) rds:CreateDBSnapshot "
     "rds:CreateDBClusterSnapshot rds:AddTagsToResource read(ec2) ec2:CreateSnapshot ec2:CreateTags ec2:CreateImage "
     "elasticfilesystem:Backup elasticfilesystem:DescribeTags kms:CreateGrant kms:DescribeKey tag:GetResources"),
     "Making backups"),
    ("/service-role/AmazonMachineLearningRoleforRedshiftDataSourceV3", "2020-06-25T18:00:00Z",
     ("ec2:DescribeSecurityGroups redshift:AuthorizeClusterSecurityGroupIngress redshift:DescribeClusters "
     "s3:GetBucketLocation s3:GetBucketPolicy s3:GetObject s3:PutBucketPolicy s3:PutObject"), "Redshift as a source"),
    ("/service-role/AWSAppSyncPushToCloudWatchLogs", "2018-04-09T19:38:55Z", _LOGS, "AppSync's log"),
    ("/service-role/AWSIoTLogging", "2015-10-08T15:17:25Z", f"{_LOGS} logs:PutMetricFilter logs:PutRetentionPolicy",
     "IoT's log"),
    ("/service-role/AWSIoTRuleActions", "2015-10-08T15:14:51Z", ("dynamodb:PutItem kinesis:PutRecord iot:Publish "
     "s3:PutObject sns:Publish sqs:SendMessage"), "What IoT rules do"),
    ("/service-role/AWSDataSyncReadOnlyAccess", "2019-01-18T19:18:44Z", "read(datasync)", "Seeing transfers"),
    ("/service-role/AmazonSNSRole", "2015-02-06T18:41:30Z", f"{_LOGS} logs:PutMetricFilter logs:PutRetentionPolicy",
     "SNS's log of deliveries"),
    ("/service-role/CloudWatchActionsEC2Access", "2015-07-07T00:00:33Z", ("cloudwatch:Describe* ec2:Describe* "
     "ec2:RebootInstances ec2:StopInstances ec2:TerminateInstances"), "Alarms that act on instances"),
)  # fmt: skip

_OWN_USER = "arn:aws:iam::*:user/${aws:username}"


@cache
def entries() -> Mapping[str, Entry]:
    """Every policy by path and name, such as `/service-role/AWSLambdaBasicExecutionRole`."""
    found: dict[str, Entry] = {}
    for full, read_only, prefixes, when_full, when_read, further in _PAIRS:
        services = prefixes.split()
        what = " and ".join(services)
        allowed = [f"{prefix}:*" for prefix in services] + further.split()
        found[f"/{full}"] = _entry(when_full, f"Full access to {what}", {"Action": tuple(allowed)})
        if read_only:
            reads = tuple(f"read({prefix})" for prefix in services)
            found[f"/{read_only}"] = _entry(when_read, f"Reading and listing in {what}", {"Action": reads})
    for place, when, words, purpose in _SINGLE:
        found[place] = _entry(when, purpose, {"Action": tuple(words.split())})
    found["/PowerUserAccess"] = _entry(
        "2015-02-06T18:39:47Z",
        "Full access to every service, without managing users, groups, the organization and the account",
        {"NotAction": ("iam:*", "organizations:*", "account:*")},
        {
            "Action": (
                "account:GetAccountInformation", "account:GetGovCloudAccountInformation", "account:GetPrimaryEmail",
                "account:ListRegions", "iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "iam:ListRoles",
                "organizations:DescribeEffectivePolicy", "organizations:DescribeOrganization",
            )
        },
    )  # fmt: skip
    found["/IAMUserChangePassword"] = _entry(
        "2016-11-15T00:25:16Z",
        "Users changing their own password",
        {"Action": ("iam:ChangePassword",), "Resource": _OWN_USER},
        {"Action": ("iam:GetAccountPasswordPolicy",)},
        version=2,
    )
    found["/IAMSelfManageServiceSpecificCredentials"] = _entry(
        "2016-12-22T17:25:18Z",
        "Users managing their own service-specific credentials",
        {
            "Action": (
                "iam:CreateServiceSpecificCredential", "iam:ListServiceSpecificCredentials",
                "iam:UpdateServiceSpecificCredential", "iam:DeleteServiceSpecificCredential",
                "iam:ResetServiceSpecificCredential",
            ),
            "Resource": _OWN_USER,
        },
    )  # fmt: skip
    found["/AWSDenyAll"] = _entry("2019-05-01T22:36:14Z", "Nothing at all", {"Effect": "Deny", "Action": ("*",)})
    return found


def _entry(when: str, description: str, *statements: Mapping[str, Any], version: int = 1) -> Entry:
    created = datetime.fromisoformat(when or FIRST).timestamp()
    return Entry(tuple(statements), created, version, f"{description}.")
