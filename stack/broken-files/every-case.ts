import type { Broken } from './broken.ts';
import { DEFINITIONS } from './cases/definitions.ts';
import { LISTS } from './cases/lists.ts';
import { MONEY } from './cases/money.ts';
import { NO_TEXT } from './cases/no-text.ts';
import { REHEARSING } from './cases/rehearsing.ts';
import { IN_SETTINGS } from './cases/settings.ts';
import { TELEPHONY } from './cases/telephony.ts';

/** Every way to break a file that is known. A new kind of file adds a right one to right/ and its cases here. */
export const BROKEN: readonly Broken[] = [
  ...NO_TEXT,
  ...DEFINITIONS,
  ...TELEPHONY,
  ...MONEY,
  ...LISTS,
  ...REHEARSING,
  ...IN_SETTINGS,
];
