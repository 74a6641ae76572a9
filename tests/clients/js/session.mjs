// A session with the AWS SDK for JavaScript: what a program would do, and what came back, printed as JSON.
// The address is in AWS_ENDPOINT_URL; the account's root user signs first, then a user, then a role.

import { CreateAccessKeyCommand, CreateRoleCommand, CreateUserCommand, IAMClient, PutRolePolicyCommand,
  PutUserPolicyCommand, paginateListUsers } from "@aws-sdk/client-iam";
import { CreateOrganizationCommand, ListRootsCommand, OrganizationsClient } from "@aws-sdk/client-organizations";
import { CreateQueueCommand, DeleteMessageCommand, GetQueueUrlCommand, ReceiveMessageCommand, SQSClient,
  SendMessageBatchCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const account = process.argv[2];
const region = "us-east-1";
const client = (kind, credentials) => new kind({ region, credentials, maxAttempts: 1 });
const refusal = async (promise) => promise.then(
  () => null,
  (error) => ({ name: error.name, status: error.$metadata.httpStatusCode, message: error.message }),
);
const document = (...statements) => JSON.stringify({ Version: "2012-10-17", Statement: statements });

const seen = {};
const root = { accessKeyId: account, secretAccessKey: "test" };
seen.root = (await client(STSClient, root).send(new GetCallerIdentityCommand({}))).Arn;

const iam = client(IAMClient, root);
await iam.send(new CreateUserCommand({ UserName: "alice" }));
for (const number of [1, 2, 3]) await iam.send(new CreateUserCommand({ UserName: `user-${number}` }));
seen.users = [];
for await (const page of paginateListUsers({ client: iam, pageSize: 2 }, {})) {
  seen.users.push(page.Users.map((user) => user.UserName));
}
const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "alice" }));
const alice = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };

const sqs = client(SQSClient, root);
const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "jobs" }));
seen.denied = await refusal(client(SQSClient, alice).send(new SendMessageCommand({ QueueUrl, MessageBody: "no" })));
await iam.send(new PutUserPolicyCommand({
  UserName: "alice", PolicyName: "own",
  PolicyDocument: document({ Effect: "Allow", Action: ["sqs:SendMessage", "sts:AssumeRole"], Resource: "*" }),
}));

// a long poll is open before the message is sent: the SDK checks the MD5 sums of both
const waiting = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, MessageAttributeNames: ["All"] }));
await client(SQSClient, alice).send(new SendMessageCommand({
  QueueUrl, MessageBody: "grüße", MessageAttributes: { kind: { DataType: "String", StringValue: "test" } },
}));
const [message] = (await waiting).Messages;
seen.received = { body: message.Body, kind: message.MessageAttributes.kind.StringValue };
await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
const batch = await sqs.send(new SendMessageBatchCommand({
  QueueUrl, Entries: [1, 2, 3].map((number) => ({ Id: `${number}`, MessageBody: `batch ${number}` })),
}));
seen.batch = batch.Successful.map((entry) => entry.Id);

const role = await iam.send(new CreateRoleCommand({
  RoleName: "worker",
  AssumeRolePolicyDocument: document({ Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" }),
}));
await iam.send(new PutRolePolicyCommand({
  RoleName: "worker", PolicyName: "own",
  PolicyDocument: document({ Effect: "Allow", Action: "sqs:GetQueueUrl", Resource: "*" }),
}));
const { Credentials } = await client(STSClient, alice).send(
  new AssumeRoleCommand({ RoleArn: role.Role.Arn, RoleSessionName: "from-js" }),
);
const worker = {
  accessKeyId: Credentials.AccessKeyId, secretAccessKey: Credentials.SecretAccessKey, sessionToken: Credentials.SessionToken,
};
seen.worker = (await client(STSClient, worker).send(new GetCallerIdentityCommand({}))).Arn;
seen.sameQueue = (await client(SQSClient, worker).send(new GetQueueUrlCommand({ QueueName: "jobs" }))).QueueUrl === QueueUrl;

const organizations = client(OrganizationsClient, root);
seen.noOrganization = await refusal(organizations.send(new ListRootsCommand({})));
const { Organization } = await organizations.send(new CreateOrganizationCommand({ FeatureSet: "ALL" }));
seen.management = Organization.MasterAccountId;
seen.roots = (await organizations.send(new ListRootsCommand({}))).Roots.map((each) => each.Name);

seen.noQueue = await refusal(sqs.send(new GetQueueUrlCommand({ QueueName: "nothing" })));
seen.wrongSecret = await refusal(client(STSClient, { ...root, secretAccessKey: "wrong" }).send(new GetCallerIdentityCommand({})));
seen.wrongKey = await refusal(client(SQSClient, { ...root, accessKeyId: "AKIAIOSFODNN7EXAMPLE" })
  .send(new GetQueueUrlCommand({ QueueName: "jobs" })));

console.log(JSON.stringify(seen));
