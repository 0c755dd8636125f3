import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bucket } from './s3.ts';

const sha256 = (of: Buffer | string) => createHash('sha256').update(of).digest('hex');
const hmac = (key: Buffer | string, of: string) => createHmac('sha256', key).update(of).digest();
/** Minutes that a request's clock may be off. */
const SKEW = 15 * 60_000;

/**
 * What S3 does with the four requests that an archive makes, strictly: each signature is checked (AWS "Signature Version 4", all of it made
 * here anew from what arrived), so are the body's hash and the clock. Pages have two keys. A test can make it fail.
 */
export async function startS3(options: { bucket?: string } = {}) {
  const objects = new Map<string, Buffer>();
  const asked: string[] = [];
  const refused: string[] = [];
  let fault: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  const bucket: Bucket = {
    endpoint: '',
    bucket: options.bucket ?? 'threads',
    region: 'eu-central-1',
    prefix: 'calls/old',
    accessKey: 'AKIDEXAMPLE',
    secretKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  };

  const server = createServer((request, response) => void answer(request, response));
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (fault(request, response)) return;
    const fail = (status: number, code: string) => {
      if (status === 403) refused.push(code);
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
    };
    const wrong = unsigned(request, body, bucket);
    if (wrong !== undefined) {
      fail(403, wrong);
      return;
    }
    const url = new URL(request.url ?? '/', 'http://s3');
    const [, name, ...rest] = url.pathname.split('/');
    if (name !== bucket.bucket) {
      fail(404, 'NoSuchBucket');
      return;
    }
    const key = rest.join('/');
    if (request.method === 'PUT') {
      objects.set(key, body);
      response.end();
    } else if (request.method === 'DELETE') {
      objects.delete(key);
      response.writeHead(204).end();
    } else if (key === '') list(url, response);
    else {
      const found = objects.get(key);
      if (found) response.end(found);
      else fail(404, 'NoSuchKey');
    }
  };
  const list = ({ searchParams }: URL, response: ServerResponse) => {
    const prefix = searchParams.get('prefix') ?? '';
    const after = searchParams.get('continuation-token') ?? '';
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && `${key}&` > after).sort();
    const page = keys.slice(0, 2);
    const next = keys.length > page.length ? `${page.at(-1) ?? ''}&` : undefined;
    const contents = page.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join('');
    const token =
      next === undefined
        ? ''
        : `<NextContinuationToken>${next.replace('&', '&amp;')}</NextContinuationToken>`;
    response.end(`<?xml version="1.0"?><ListBucketResult>${contents}${token}</ListBucketResult>`);
  };

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    bucket: { ...bucket, endpoint: `http://127.0.0.1:${port}` },
    objects,
    /** Methods and paths, also of what was refused. */
    asked,
    /** Why requests were refused for their signature. */
    refused,
    /** What is to answer in its place, as long as it says that it did. */
    failWith: (how: typeof fault) => (fault = how),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Why the signature does not hold; undefined where it does. */
function unsigned(request: IncomingMessage, body: Buffer, bucket: Bucket): string | undefined {
  const header = (name: string) => String(request.headers[name] ?? '');
  const parsed =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/.exec(
      header('authorization'),
    );
  if (!parsed) return 'AccessDenied';
  const [, access, day = '', region, names = '', signature = ''] = parsed;
  if (access !== bucket.accessKey || region !== bucket.region) return 'InvalidAccessKeyId';
  const date = header('x-amz-date');
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!date.startsWith(day) || !(Math.abs(Date.now() - at) < SKEW)) return 'RequestTimeTooSkewed';
  if (header('x-amz-content-sha256') !== sha256(body)) return 'XAmzContentSHA256Mismatch';
  const signed = names.split(';');
  if (!['host', 'x-amz-content-sha256', 'x-amz-date'].every((name) => signed.includes(name)))
    return 'AccessDenied';
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const canonical = [
    request.method,
    path,
    query.split('&').filter(Boolean).sort().join('&'),
    ...signed.map((name) => `${name}:${header(name).trim()}`),
    '',
    names,
    sha256(body),
  ].join('\n');
  const scope = `${day}/${bucket.region}/s3/aws4_request`;
  const key = ['s3', 'aws4_request'].reduce(
    (made, part) => hmac(made, part),
    hmac(hmac(`AWS4${bucket.secretKey}`, day), bucket.region),
  );
  const right = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n'));
  return timingSafeEqual(right, Buffer.from(signature, 'hex')) ? undefined : 'SignatureDoesNotMatch';
}
