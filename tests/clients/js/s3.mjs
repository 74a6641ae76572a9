// A session with the AWS SDK for JavaScript at S3: what a program would do, and what came back, printed as JSON.
// The port is the second argument; buckets are addressed in the host name first, then in the path.

import { createHash } from "node:crypto";
import { lookup } from "node:dns";
import { Agent } from "node:http";
import { Readable } from "node:stream";
import { CopyObjectCommand, CreateBucketCommand, DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand,
  ListObjectsV2Command, PutBucketEncryptionCommand, PutBucketVersioningCommand, PutObjectCommand, S3Client, paginateListObjectsV2,
  waitUntilObjectExists } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { NodeHttpHandler } from "@smithy/node-http-handler";

const [, , account, port] = process.argv;
const MIB = 1024 * 1024;
// *.localhost is this machine (RFC 6761), which not every resolver knows
const here = (name, options, done) => lookup(name.endsWith(".localhost") ? "127.0.0.1" : name, options, done);
const client = (endpoint, more = {}) => new S3Client({
  region: "us-east-1", credentials: { accessKeyId: account, secretAccessKey: "test" }, maxAttempts: 1, endpoint,
  requestHandler: new NodeHttpHandler({ httpAgent: new Agent({ keepAlive: true, lookup: here }) }), ...more,
});
const refusal = async (promise) => promise.then(
  () => null,
  (error) => ({ name: error.name, status: error.$metadata.httpStatusCode, message: error.message }),
);
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
// bytes without a pattern
const noise = (size) => {
  const made = Buffer.alloc(size);
  let state = 1;
  for (let at = 0; at < size; at += 1) {
    state = (state * 1103515245 + 12345) % 2147483648;
    made[at] = state >> 16;
  }
  return made;
};
const read = async (body) => Buffer.from(await body.transformToByteArray());

const session = async (s3, Bucket) => {
  const seen = {};
  await s3.send(new CreateBucketCommand({ Bucket }));
  // a text, a buffer and a stream; a stream travels in chunks with its checksum behind them
  await s3.send(new PutObjectCommand({ Bucket, Key: "grüße+ ~'()*.txt", Body: "hello", Metadata: { kind: "test" } }));
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "grüße+ ~'()*.txt", ChecksumMode: "ENABLED" }));
  seen.text = { body: await got.Body.transformToString(), metadata: got.Metadata, crc32: got.ChecksumCRC32 };
  const large = noise(12 * MIB);
  await s3.send(new PutObjectCommand({
    Bucket, Key: "stream", Body: Readable.from([large.subarray(0, 5 * MIB), large.subarray(5 * MIB)]),
    ContentLength: large.length, ChecksumAlgorithm: "SHA256",
  }));
  const streamed = await s3.send(new GetObjectCommand({ Bucket, Key: "stream", ChecksumMode: "ENABLED" }));
  seen.streamed = large.equals(await read(streamed.Body))
    && streamed.ChecksumSHA256 === Buffer.from(sha256(large), "hex").toString("base64");
  // lib-storage: parts side by side
  const progress = [];
  const upload = new Upload({
    client: s3, params: { Bucket, Key: "parts", Body: Readable.from([large]) }, partSize: 5 * MIB, queueSize: 3,
  });
  upload.on("httpUploadProgress", ({ loaded }) => progress.push(loaded));
  seen.upload = (await upload.done()).ETag.endsWith('-3"') && Math.max(...progress) === large.length;
  const part = await s3.send(new GetObjectCommand({ Bucket, Key: "parts", Range: "bytes=5242879-5242880" }));
  seen.range = { right: large.subarray(5242879, 5242881).equals(await read(part.Body)), range: part.ContentRange };
  const second = await s3.send(new HeadObjectCommand({ Bucket, Key: "parts", PartNumber: 2 }));
  seen.part = [second.ContentLength, second.PartsCount];
  const aborted = new Upload({ client: s3, params: { Bucket, Key: "aborted", Body: large }, partSize: 5 * MIB });
  const ended = aborted.done().catch((error) => error.name);
  await aborted.abort();
  seen.aborted = [await ended, await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: "aborted" })))];
  await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/parts` }));
  await waitUntilObjectExists({ client: s3, maxWaitTime: 10 }, { Bucket, Key: "copy" });
  seen.pages = [];
  for await (const page of paginateListObjectsV2({ client: s3, pageSize: 3 }, { Bucket })) {
    seen.pages.push(page.Contents.map((found) => found.Key));
  }
  // addresses that anybody may use
  const putting = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "by address" }), { expiresIn: 600 });
  const getting = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "by address" }), { expiresIn: 600 });
  const ask = (address, method, body, headers = {}) => new Promise((resolve, reject) => {
    import("node:http").then(({ request }) => {
      const sent = request(address, { method, headers, lookup: here }, (answer) => {
        const pieces = [];
        answer.on("data", (piece) => pieces.push(piece));
        answer.on("end", () => resolve([answer.statusCode, Buffer.concat(pieces).toString()]));
      });
      sent.on("error", reject);
      sent.end(body);
    });
  });
  seen.addresses = [(await ask(putting, "PUT", "sent"))[0], await ask(getting, "GET"),
    (await ask(getting.replace("by%20address", "copy"), "GET"))[0]];
  const form = await createPresignedPost(s3, {
    Bucket, Key: "form/${filename}", Conditions: [["content-length-range", 1, 100], ["starts-with", "$key", "form/"]],
    Fields: { success_action_status: "201" }, Expires: 600,
  });
  const post = async (content) => {
    const data = new FormData();
    for (const [name, value] of Object.entries(form.fields)) data.append(name, value);
    data.append("file", new Blob([content]), "a.txt");
    const packed = new Response(data);
    const body = Buffer.from(await packed.arrayBuffer());
    return ask(form.url, "POST", body, { "content-type": packed.headers.get("content-type") });
  };
  const [status, answer] = await post("from a form");
  seen.form = [status, /<Key>(.*)<\/Key>/.exec(answer)?.[1], /<Code>(.*)<\/Code>/.exec((await post("x".repeat(101)))[1])?.[1]];
  // keys of KMS, and the client's own, which a new bucket does not take
  const kms = await s3.send(new PutObjectCommand({ Bucket, Key: "kms", Body: "k", ServerSideEncryption: "aws:kms" }));
  seen.kms = [kms.ServerSideEncryption, kms.SSEKMSKeyId.split(":")[2]];
  await s3.send(new PutBucketEncryptionCommand({
    Bucket, ServerSideEncryptionConfiguration: { Rules: [{ BlockedEncryptionTypes: { EncryptionType: ["NONE"] } }] },
  }));
  const own = { SSECustomerAlgorithm: "AES256", SSECustomerKey: "k".repeat(32) };
  await s3.send(new PutObjectCommand({ Bucket, Key: "own", Body: "own", ...own }));
  seen.own = await (await s3.send(new GetObjectCommand({ Bucket, Key: "own", ...own }))).Body.transformToString();
  seen.withoutKey = await refusal(s3.send(new GetObjectCommand({ Bucket, Key: "own" })));
  // conditions, versions, errors
  seen.ifNoneMatch = await refusal(s3.send(new PutObjectCommand({ Bucket, Key: "copy", Body: "", IfNoneMatch: "*" })));
  seen.noKey = await refusal(s3.send(new GetObjectCommand({ Bucket, Key: "nothing" })));
  seen.noHead = await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: "nothing" })));
  seen.noBucket = await refusal(s3.send(new ListObjectsV2Command({ Bucket: `${Bucket}-nowhere` })));
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  const versions = [];
  for (const Body of ["one", "two"]) {
    versions.push((await s3.send(new PutObjectCommand({ Bucket, Key: "v", Body }))).VersionId);
  }
  const first = await s3.send(new GetObjectCommand({ Bucket, Key: "v", VersionId: versions[0] }));
  seen.first = await first.Body.transformToString();
  const gone = await s3.send(new DeleteObjectsCommand({
    Bucket, Delete: { Objects: versions.map((VersionId) => ({ Key: "v", VersionId })) },
  }));
  seen.gone = gone.Deleted.length;
  return seen;
};

const printed = {
  host: await session(client(`http://s3.localhost:${port}`), "js-host"),
  path: await session(client(`http://127.0.0.1:${port}`, { forcePathStyle: true }), "js-path"),
};
console.log(JSON.stringify(printed));
process.exit(0);
