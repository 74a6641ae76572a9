"""What Systems Manager does besides Parameter Store, and why it is refused."""

from __future__ import annotations

from haar.services.ssm.service import ssm

ssm.refuses(
    "There are no patch baselines: no machine here has operating system packages to patch.",
    "CreatePatchBaseline", "DeletePatchBaseline", "DeregisterPatchBaselineForPatchGroup", "DescribeAvailablePatches",
    "DescribeEffectivePatchesForPatchBaseline", "DescribeInstancePatchStates",
    "DescribeInstancePatchStatesForPatchGroup", "DescribeInstancePatches", "DescribePatchBaselines",
    "DescribePatchGroupState", "DescribePatchGroups", "DescribePatchProperties", "GetDefaultPatchBaseline",
    "GetDeployablePatchSnapshotForInstance", "GetPatchBaseline", "GetPatchBaselineForPatchGroup",
    "RegisterDefaultPatchBaseline", "RegisterPatchBaselineForPatchGroup", "UpdatePatchBaseline",
)  # fmt: skip
ssm.refuses(
    "Maintenance windows are not built: there are no machines and no tasks to run in one.",
    "CancelMaintenanceWindowExecution", "CreateMaintenanceWindow", "DeleteMaintenanceWindow",
    "DeregisterTargetFromMaintenanceWindow", "DeregisterTaskFromMaintenanceWindow",
    "DescribeMaintenanceWindowExecutionTaskInvocations", "DescribeMaintenanceWindowExecutionTasks",
    "DescribeMaintenanceWindowExecutions", "DescribeMaintenanceWindowSchedule", "DescribeMaintenanceWindowTargets",
    "DescribeMaintenanceWindowTasks", "DescribeMaintenanceWindows", "DescribeMaintenanceWindowsForTarget",
    "GetMaintenanceWindow", "GetMaintenanceWindowExecution", "GetMaintenanceWindowExecutionTask",
    "GetMaintenanceWindowExecutionTaskInvocation", "GetMaintenanceWindowTask", "RegisterTargetWithMaintenanceWindow",
    "RegisterTaskWithMaintenanceWindow", "UpdateMaintenanceWindow", "UpdateMaintenanceWindowTarget",
    "UpdateMaintenanceWindowTask",
)  # fmt: skip
ssm.refuses(
    "OpsCenter is not built: nothing opens or collects operational work items.",
    "AssociateOpsItemRelatedItem", "CreateOpsItem", "CreateOpsMetadata", "DeleteOpsItem", "DeleteOpsMetadata",
    "DescribeOpsItems", "DisassociateOpsItemRelatedItem", "GetOpsItem", "GetOpsMetadata", "GetOpsSummary",
    "ListOpsItemEvents", "ListOpsItemRelatedItems", "ListOpsMetadata", "UpdateOpsItem", "UpdateOpsMetadata",
)  # fmt: skip
ssm.refuses(
    "Automation is not built: there is nothing that runs the steps of a runbook.",
    "DescribeAutomationExecutions", "DescribeAutomationStepExecutions", "GetAutomationExecution", "GetCalendarState",
    "GetExecutionPreview", "SendAutomationSignal", "StartAutomationExecution", "StartChangeRequestExecution",
    "StartExecutionPreview", "StopAutomationExecution",
)  # fmt: skip
ssm.refuses(
    "Session Manager is not built: there is no machine to open a session on.",
    "DescribeSessions", "GetAccessToken", "GetConnectionStatus", "ResumeSession", "StartAccessRequest",
    "StartSession", "TerminateSession",
)  # fmt: skip
ssm.refuses(
    "Run Command is not built: there is no machine with an agent to send a command to.",
    "CancelCommand", "GetCommandInvocation", "ListCommandInvocations", "ListCommands", "SendCommand",
)  # fmt: skip
ssm.refuses(
    "State Manager is not built: there is no machine that an association could keep in a state.",
    "CreateAssociation", "CreateAssociationBatch", "DeleteAssociation", "DescribeAssociation",
    "DescribeAssociationExecutionTargets", "DescribeAssociationExecutions", "DescribeEffectiveInstanceAssociations",
    "DescribeInstanceAssociationsStatus", "ListAssociationVersions", "ListAssociations", "StartAssociationsOnce",
    "UpdateAssociation", "UpdateAssociationStatus",
)  # fmt: skip
ssm.refuses(
    "SSM documents are not built: nothing here could run one.",
    "CreateDocument", "DeleteDocument", "DescribeDocument", "DescribeDocumentPermission", "GetDocument",
    "ListDocumentMetadataHistory", "ListDocumentVersions", "ListDocuments", "ModifyDocumentPermission",
    "UpdateDocument", "UpdateDocumentDefaultVersion", "UpdateDocumentMetadata",
)  # fmt: skip
ssm.refuses(
    "Inventory and compliance are not built: there is no machine whose software could be listed.",
    "CreateResourceDataSync", "DeleteInventory", "DeleteResourceDataSync", "DescribeInventoryDeletions",
    "GetInventory", "GetInventorySchema", "ListComplianceItems", "ListComplianceSummaries", "ListInventoryEntries",
    "ListResourceComplianceSummaries", "ListResourceDataSync", "PutComplianceItems", "PutInventory",
    "UpdateResourceDataSync",
)  # fmt: skip
ssm.refuses(
    "Cloud connectors are not built: nothing outside this cloud is connected to it.",
    "CreateCloudConnector", "DeleteCloudConnector", "GetCloudConnector", "ListCloudConnectors",
    "UpdateCloudConnector", "ValidateCloudConnector",
)  # fmt: skip
ssm.refuses(
    "There are no managed nodes: no agent can register with this cloud.",
    "CreateActivation", "DeleteActivation", "DeregisterDefaultHostManagementConfiguration",
    "DeregisterManagedInstance", "DescribeActivations", "DescribeInstanceInformation", "DescribeInstanceProperties",
    "ListNodes", "ListNodesSummary", "RegisterDefaultHostManagementConfiguration", "UpdateManagedInstanceRole",
)  # fmt: skip
