import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isOrganization, type KeyId, type Organization } from '../../base/ids.ts';

/** `att_<organization>_<id>_<secret>`: names its place in Redis, so that no index over all organizations is needed. */
const WRITTEN = /^att_([a-z0-9-]+)_([0-9A-HJKMNP-TV-Z]{26})_[\w-]{43}$/;

/** A new key's text for that id: 256 bits of chance behind its name. */
export const writeKey = (organization: Organization, id: KeyId): string =>
  `att_${organization}_${id.slice('key_'.length)}_${randomBytes(32).toString('base64url')}`;

/** Whose key that claims to be; undefined for a text that is none of ours. */
export function readKey(text: string): { organization: Organization; id: KeyId } | undefined {
  const [, organization = '', id = ''] = WRITTEN.exec(text) ?? [];
  return isOrganization(organization) ? { organization, id: `key_${id}` as KeyId } : undefined;
}

/** What is kept of a key. A plain hash suffices: the secret is no password but 256 bits of chance. */
export const hashKey = (text: string): Buffer => createHash('sha256').update(text).digest();

/** In the same time wherever they differ. */
export function sameHash(given: Buffer, kept: string | Buffer): boolean {
  const known = typeof kept === 'string' ? Buffer.from(kept, 'hex') : kept;
  return known.length === given.length && timingSafeEqual(known, given);
}
