// A session with S3: what it saw is printed as JSON, and checked by tests/clients/test_s3_javascript.py.
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  CopyObjectCommand, CreateBucketCommand, DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand,
  PutBucketEncryptionCommand, PutObjectCommand, S3Client, paginateListObjectsV2, waitUntilBucketExists,
  waitUntilObjectNotExists,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const account = process.argv[2];
const s3 = new S3Client({
  region: "eu-west-1",
  forcePathStyle: true,
  credentials: { accessKeyId: account, secretAccessKey: "test" },
  maxAttempts: 1,
});
const Bucket = "js-objects";
const seen = {};
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
const send = (command) => s3.send(command);
const refused = async (command) => {
  try {
    await send(command);
    return null;
  } catch (error) {
    return { name: error.name, status: error.$metadata?.httpStatusCode };
  }
};

await send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: "eu-west-1" } }));
await waitUntilBucketExists({ client: s3, maxWaitTime: 10 }, { Bucket });

// a small object, with a key that has to be encoded, and metadata
await send(new PutObjectCommand({ Bucket, Key: "a/ü +&.txt", Body: "grüße", Metadata: { by: "me" }, ContentType: "text/plain" }));
const small = await send(new GetObjectCommand({ Bucket, Key: "a/ü +&.txt" }));
seen.small = { body: await small.Body.transformToString(), by: small.Metadata.by, type: small.ContentType };

// a stream of unknown length, in parts
const piece = Buffer.alloc(1 << 20, "0123456789abcdef");
const pieces = function* () {
  for (let number = 0; number < 13; number += 1) yield piece;
};
const upload = new Upload({ client: s3, params: { Bucket, Key: "big", Body: Readable.from(pieces()) }, partSize: 5 << 20 });
let steps = 0;
upload.on("httpUploadProgress", () => { steps += 1; });
const done = await upload.done();
const big = await (await send(new GetObjectCommand({ Bucket, Key: "big" }))).Body.transformToByteArray();
seen.big = {
  parts: done.ETag.replaceAll('"', "").split("-")[1], size: big.length, steps: steps > 1,
  same: digest(big) === digest(Buffer.concat([...pieces()])),
};
const part = await send(new GetObjectCommand({ Bucket, Key: "big", Range: "bytes=16-31" }));
seen.range = { body: await part.Body.transformToString(), said: part.ContentRange };

// checksums of the client's choice
const put = await send(new PutObjectCommand({ Bucket, Key: "sum", Body: "x", ChecksumAlgorithm: "SHA256" }));
const summed = await send(new HeadObjectCommand({ Bucket, Key: "sum", ChecksumMode: "ENABLED" }));
seen.checksum = put.ChecksumSHA256 === summed.ChecksumSHA256 && Boolean(summed.ChecksumSHA256);

// presigned
const putUrl = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "signed" }), { expiresIn: 60 });
const getUrl = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "signed" }), { expiresIn: 60 });
seen.presigned = [(await fetch(putUrl, { method: "PUT", body: "by url" })).status, await (await fetch(getUrl)).text()];
const form = await createPresignedPost(s3, {
  Bucket, Key: "forms/${filename}", Conditions: [["content-length-range", 1, 10]], Expires: 60,
});
const posted = async (body) => {
  const data = new FormData();
  for (const [name, value] of Object.entries(form.fields)) data.append(name, value);
  data.append("file", new Blob([body]), "f.txt");
  return (await fetch(form.url, { method: "POST", body: data })).status;
};
seen.posted = [await posted("by form"), await posted("much too long a body")];

// encryption
await send(new PutBucketEncryptionCommand({
  Bucket, ServerSideEncryptionConfiguration: { Rules: [{ BlockedEncryptionTypes: { EncryptionType: ["NONE"] } }] },
}));
const kms = await send(new PutObjectCommand({ Bucket, Key: "kms", Body: "k", ServerSideEncryption: "aws:kms" }));
seen.kms = [kms.ServerSideEncryption, kms.SSEKMSKeyId.split(":")[2]];
const ours = { SSECustomerAlgorithm: "AES256", SSECustomerKey: "k".repeat(32) };
await send(new PutObjectCommand({ Bucket, Key: "own", Body: "own", ...ours }));
seen.own = await (await send(new GetObjectCommand({ Bucket, Key: "own", ...ours }))).Body.transformToString();
seen.withoutKey = await refused(new GetObjectCommand({ Bucket, Key: "own" }));

// copies, pages, deletes
await send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/${encodeURIComponent("a/ü +&.txt")}` }));
const names = [];
for await (const page of paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket })) {
  names.push(...page.Contents.map((one) => one.Key));
}
seen.names = names;
const deleted = await send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: names.map((Key) => ({ Key })) } }));
await waitUntilObjectNotExists({ client: s3, maxWaitTime: 10 }, { Bucket, Key: "big" });
seen.deleted = deleted.Deleted.length;
seen.noKey = await refused(new GetObjectCommand({ Bucket, Key: "big" }));
seen.noHead = await refused(new HeadObjectCommand({ Bucket, Key: "big" }));
seen.noBucket = await refused(new GetObjectCommand({ Bucket: "js-never-made", Key: "k" }));

console.log(JSON.stringify(seen));
