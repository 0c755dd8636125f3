import { AttendantError } from '../../base/errors.ts';
import { isOrganization, type KeyId, type Organization } from '../../base/ids.ts';
import { hashKey, sameHash } from './key.ts';

/** A key of ATTENDANT_API_KEYS, its hash only: the keys that are there before any other. They have the scope admin. */
export interface FirstKey {
  readonly id: KeyId;
  readonly organization: Organization;
  readonly hash: Buffer;
}

/** @throws AttendantError E_CONFIG for an organization that is none */
export function hashFirstKeys(keys: readonly { organization: string; key: string }[]): FirstKey[] {
  return keys.map(({ organization, key }) => {
    if (!isOrganization(organization)) {
      throw new AttendantError(
        'E_CONFIG',
        `ATTENDANT_API_KEYS: ${organization} is no organization (a-z, 0-9, -)`,
      );
    }
    const hash = hashKey(key);
    return { id: `env_${hash.toString('hex').slice(0, 8)}` as KeyId, organization, hash };
  });
}

/** The key of that text. Takes the same time whichever it is, or none. */
export function findFirstKey(keys: readonly FirstKey[], given: Buffer): FirstKey | undefined {
  let found: FirstKey | undefined;
  for (const key of keys) if (sameHash(given, key.hash)) found = key;
  return found;
}
