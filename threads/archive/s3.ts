import { createHash } from 'node:crypto';
import { AwsV4Signer } from 'aws4fetch';
import { backoff } from '../../base/backoff.ts';
import { boundedBody } from '../../base/bounded-body.ts';
import type { Clock } from '../../base/clock.ts';
import { AttendantError, reasonOf } from '../../base/errors.ts';
import { checkedKey, MOST_BYTES, type Objects } from './objects.ts';

/** An S3 bucket, of Amazon's or of any server that speaks its protocol (MinIO, Ceph, …), and who we are to it. */
export interface Bucket {
  /** `https://s3.eu-central-1.amazonaws.com`, `http://minio.internal:9000`: the bucket is put behind it as a path. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  /** What all keys begin with, without a slash at its end; empty for nothing. */
  readonly prefix: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Milliseconds for one try, from the first packet to the last byte. */
const TIMEOUT = 15_000;
const TRIES = 4;
const RETRY = { first: 200, most: 3_000 };
/** Bytes of an error's or a list's XML. */
const MOST_XML = 1024 * 1024;

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Objects in S3. Requests are signed with their body (SigV4), never follow a redirect, are bounded in time and size, and are tried again
 * where the server is away, says that it is busy (429) or fails (5xx).
 */
export function objectsIn(bucket: Bucket, clock: Clock): Objects {
  const { endpoint, prefix } = bucket;
  const base = `${endpoint.replace(/\/+$/, '')}/${bucket.bucket}`;
  const full = (key: string) => (prefix === '' ? key : `${prefix}/${key}`);
  const urlOf = (key: string) => `${base}/${checkedKey(full(key))}`;

  const once = async (method: string, url: string, body: Buffer | undefined, signal: AbortSignal) => {
    const sha256 = createHash('sha256')
      .update(body ?? '')
      .digest('hex');
    const { headers } = await new AwsV4Signer({
      method,
      url,
      headers: { 'x-amz-content-sha256': sha256 },
      accessKeyId: bucket.accessKey,
      secretAccessKey: bucket.secretKey,
      region: bucket.region,
      service: 's3',
    }).sign();
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal,
      ...(body && { body: new Uint8Array(body) }),
    });
    const most = method === 'GET' && response.ok && !url.includes('?') ? MOST_BYTES : MOST_XML;
    return { status: response.status, body: await boundedBody(response, most, tooLong) };
  };

  const ask = async (
    method: string,
    url: string,
    options: { body?: Buffer; signal?: AbortSignal | undefined; missing?: boolean } = {},
  ): Promise<Answer> => {
    const { body, signal, missing = false } = options;
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted();
      let failed: unknown;
      try {
        const late = AbortSignal.timeout(TIMEOUT);
        const answer = await once(method, url, body, signal ? AbortSignal.any([signal, late]) : late);
        if ((answer.status >= 200 && answer.status < 300) || (missing && isMissing(answer))) return answer;
        const code = /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(answer.body.toString('utf8'))?.[1];
        failed = new Error(`S3 answers ${answer.status}${code === undefined ? '' : ` ${code}`}`);
        if (answer.status < 500 && answer.status !== 429) throw unreachable(failed);
      } catch (cause) {
        signal?.throwIfAborted();
        if (cause instanceof AttendantError) throw cause;
        failed = cause;
      }
      if (attempt + 1 >= TRIES) throw unreachable(failed);
      await clock.sleep(backoff(attempt, RETRY), signal);
    }
  };

  return {
    put: async (key, body, signal) => {
      await ask('PUT', urlOf(key), { body, signal });
    },
    get: async (key, signal) => {
      const { status, body } = await ask('GET', urlOf(key), { signal, missing: true });
      return status === 404 ? undefined : body;
    },
    remove: async (key, signal) => {
      await ask('DELETE', urlOf(key), { signal, missing: true });
    },
    list: async function* (start, signal) {
      for (let token: string | undefined; ;) {
        const query = new URLSearchParams({ 'list-type': '2', prefix: full(start) });
        if (token !== undefined) query.set('continuation-token', token);
        // As SigV4 writes a query: a space as %20.
        const url = `${base}?${query.toString().replaceAll('+', '%20')}`;
        const xml = (await ask('GET', url, { signal })).body.toString('utf8');
        for (const [, key = ''] of xml.matchAll(/<Key>([^<]*)<\/Key>/g)) {
          const name = prefix === '' ? key : key.slice(prefix.length + 1);
          if (isKey(name)) yield name;
        }
        const next = /<NextContinuationToken>([^<]*)<\/NextContinuationToken>/.exec(xml)?.[1];
        if (next === undefined || next === token) return;
        token = next
          .replaceAll('&amp;', '&')
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&quot;', '"');
      }
    },
  };
}

/** The object, not the bucket: one that is gone must not look like an archive without anything in it. */
const isMissing = ({ status, body }: Answer): boolean =>
  status === 404 && !body.toString('utf8').includes('NoSuchBucket');

function isKey(name: string): boolean {
  try {
    return checkedKey(name) === name;
  } catch {
    return false;
  }
}

function unreachable(cause: unknown): AttendantError {
  const inner = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause;
  return new AttendantError('E_ARCHIVE_UNREACHABLE', `the archive's bucket: ${reasonOf(inner)}`, { cause });
}

const tooLong = (what: string) => new AttendantError('E_ARCHIVE_UNREACHABLE', `an answer of ${what}`);
