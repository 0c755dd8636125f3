import { versionOf } from '../base/file-version.ts';
import type { Organization } from '../base/ids.ts';
import { definitionKey } from './keys.ts';
import type { Redis } from './redis.ts';

/** Seconds that a text is kept after a call began with it; the longest call has a day. */
const KEPT = 2 * 86_400;

/** What calls run with, by the hash of the text, so that any worker can go on with the very same. */
export interface DefinitionTexts {
  /** Keeps it under its version (`versionOf`). @throws AttendantError as `Redis.run` */
  keep(organization: Organization, text: string): Promise<void>;
  /** The text of that version; undefined where Redis has it no more. @throws AttendantError as `Redis.run` */
  read(organization: Organization, version: string): Promise<string | undefined>;
}

export function definitionTextsIn(redis: Redis): DefinitionTexts {
  return {
    keep: async (organization, text) => {
      const key = definitionKey(organization, versionOf(text));
      await redis.run((client) => client.set(key, text, { expiration: { type: 'EX', value: KEPT } }));
    },
    read: async (organization, version) =>
      (await redis.run((client) => client.get(definitionKey(organization, version)))) ?? undefined,
  };
}
