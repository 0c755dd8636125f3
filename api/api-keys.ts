import { createHash, timingSafeEqual } from 'node:crypto';
import { AttendantError } from '../base/errors.ts';
import { isOrganization, type Organization } from '../base/ids.ts';

/** The keys that may call the API, kept as their hashes only. */
export interface ApiKeys {
  /** Whose key this is; undefined for none of ours. Takes the same time whichever key it is, or none. */
  organizationOf(key: string | undefined): Organization | undefined;
}

/** @throws AttendantError E_CONFIG for an organization that is none */
export function hashKeys(keys: readonly { organization: string; key: string }[]): ApiKeys {
  const known = keys.map(({ organization, key }) => {
    if (!isOrganization(organization)) {
      throw new AttendantError(
        'E_CONFIG',
        `ATTENDANT_API_KEYS: ${organization} is no organization (a-z, 0-9, -)`,
      );
    }
    return { organization, hash: sha256(key) };
  });
  return {
    organizationOf: (key) => {
      const given = sha256(key ?? '');
      let found: Organization | undefined;
      for (const { organization, hash } of known) {
        if (timingSafeEqual(hash, given)) found = organization;
      }
      return key ? found : undefined;
    },
  };
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
