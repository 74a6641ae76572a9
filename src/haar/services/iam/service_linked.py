"""Which services make roles for themselves, and under which names.

Source: IAM User Guide, reference_aws-services-that-work-with-iam.html, and each service's page on its role.
"""

from __future__ import annotations

from typing import NamedTuple


class Linked(NamedTuple):
    """A service's role: its name, and whether it may have a suffix."""

    role: str
    suffix: bool = False


#: By service principal. The name follows `AWSServiceRoleFor`.
LINKED: dict[str, Linked] = {
    "access-analyzer.amazonaws.com": Linked("AccessAnalyzer"),
    "appmesh.amazonaws.com": Linked("AppMesh"),
    "autoscaling.amazonaws.com": Linked("AutoScaling", suffix=True),
    "autoscaling-plans.amazonaws.com": Linked("AutoScalingPlans_EC2AutoScaling"),
    "backup.amazonaws.com": Linked("Backup"),
    "batch.amazonaws.com": Linked("Batch"),
    "cloudtrail.amazonaws.com": Linked("CloudTrail"),
    "cks.kms.amazonaws.com": Linked("KeyManagementServiceCustomKeyStores"),
    "config.amazonaws.com": Linked("Config"),
    "dax.amazonaws.com": Linked("DAX"),
    "dynamodb.application-autoscaling.amazonaws.com": Linked("ApplicationAutoScaling_DynamoDBTable"),
    "ecs.amazonaws.com": Linked("ECS"),
    "ecs.application-autoscaling.amazonaws.com": Linked("ApplicationAutoScaling_ECSService"),
    "eks.amazonaws.com": Linked("AmazonEKS"),
    "eks-fargate.amazonaws.com": Linked("AmazonEKSForFargate"),
    "eks-nodegroup.amazonaws.com": Linked("AmazonEKSNodegroup"),
    "elasticache.amazonaws.com": Linked("ElastiCache"),
    "elasticbeanstalk.amazonaws.com": Linked("ElasticBeanstalk"),
    "elasticfilesystem.amazonaws.com": Linked("AmazonElasticFileSystem"),
    "elasticloadbalancing.amazonaws.com": Linked("ElasticLoadBalancing"),
    "elasticmapreduce.amazonaws.com": Linked("EMRCleanup"),
    "es.amazonaws.com": Linked("AmazonElasticsearchService"),
    "fsx.amazonaws.com": Linked("AmazonFSx"),
    "globalaccelerator.amazonaws.com": Linked("GlobalAccelerator"),
    "guardduty.amazonaws.com": Linked("AmazonGuardDuty"),
    "inspector2.amazonaws.com": Linked("AmazonInspector2"),
    "kafka.amazonaws.com": Linked("Kafka"),
    "lex.amazonaws.com": Linked("LexBots"),
    "macie.amazonaws.com": Linked("AmazonMacie"),
    "malware-protection.guardduty.amazonaws.com": Linked("AmazonGuardDutyMalwareProtection"),
    "mq.amazonaws.com": Linked("AmazonMQ"),
    "opensearchservice.amazonaws.com": Linked("AmazonOpenSearchService"),
    "ops.apigateway.amazonaws.com": Linked("APIGateway"),
    "ops.emr-serverless.amazonaws.com": Linked("AmazonEMRServerless"),
    "organizations.amazonaws.com": Linked("Organizations"),
    "rds.amazonaws.com": Linked("RDS"),
    "redshift.amazonaws.com": Linked("Redshift"),
    "replication.dynamodb.amazonaws.com": Linked("DynamoDBReplication"),
    "replication.ecr.amazonaws.com": Linked("ECRReplication"),
    "replicator.lambda.amazonaws.com": Linked("LambdaReplicator"),
    "securityhub.amazonaws.com": Linked("SecurityHub"),
    "servicequotas.amazonaws.com": Linked("ServiceQuotas"),
    "spot.amazonaws.com": Linked("EC2Spot"),
    "spotfleet.amazonaws.com": Linked("EC2SpotFleet"),
    "ec2fleet.amazonaws.com": Linked("EC2Fleet"),
    "ssm.amazonaws.com": Linked("AmazonSSM"),
    "sso.amazonaws.com": Linked("SSO"),
    "support.amazonaws.com": Linked("Support"),
    "tagpolicies.tag.amazonaws.com": Linked("TagPolicies"),
    "transitgateway.amazonaws.com": Linked("VPCTransitGateway"),
    "trustedadvisor.amazonaws.com": Linked("TrustedAdvisor"),
}


def place(service: str, suffix: str = "") -> tuple[str, str] | None:
    """Path and name that a service's role has; None when no such service makes one."""
    linked = LINKED.get(service)
    if linked is None:
        return None
    name = f"AWSServiceRoleFor{linked.role}" + (f"_{suffix}" if suffix else "")
    return f"/aws-service-role/{service}/", name
