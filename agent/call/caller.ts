import { isUid, type Uid } from '../../base/ids.ts';
import type { CallerRecord } from '../../threads/entry.ts';

/** The most of a header's value that is kept; a PBX that sends more is not to be trusted with memory. */
const MOST_VALUE = 2_048;
const MOST_HEADERS = 64;
const MOST_VARS = 64;

/** Who calls and how, parsed once from the SIP participant's attributes. Everything in it is a stranger's text. */
export interface Caller extends CallerRecord {
  /** The PBX's own id of the call; undefined where it gave none, or none that can be an id. */
  readonly uid: Uid | undefined;
  readonly additionalInstructions: string;
  /** False for a browser that joined the room. */
  readonly hasSipLeg: boolean;
  /** Header by name, in any case. */
  header(name: string): string | undefined;
}

/**
 * Reads a participant's attributes (https://docs.livekit.io/reference/telephony/sip-participant/). X- headers arrive as `sip.h.x-…`
 * where the trunk has include_headers: SIP_X_HEADERS.
 */
export function readCaller(
  attributes: Readonly<Record<string, string>>,
  identity: string,
  displayName = '',
): Caller {
  const headers = readHeaders(attributes);
  const uid = headers['x-uid'];
  const hasSipLeg = attributes['sip.callID'] !== undefined;
  return {
    number: clean(attributes['sip.phoneNumber'] ?? (hasSipLeg ? '' : identity)),
    // LiveKit SIP makes up `Phone <number>` where the From header has no display name.
    name: clean(displayName).replace(/^Phone [+0-9]+$/, ''),
    dialed: clean(attributes['sip.trunkPhoneNumber'] ?? ''),
    trunk: clean(attributes['sip.trunkID'] ?? ''),
    sip_call_id: clean(attributes['sip.callIDFull'] ?? attributes['sip.callID'] ?? ''),
    headers,
    vars: readVars(headers['x-vars']),
    uid: uid !== undefined && isUid(uid) ? uid : undefined,
    additionalInstructions: notesIn(headers),
    hasSipLeg,
    header: (name) => headers[name.toLowerCase()],
  };
}

/** What the telephone system notes about the caller. */
export function notesIn(headers: Readonly<Record<string, string>>): string {
  return headers['x-additional-instructions'] ?? '';
}

function readHeaders(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const found: Record<string, string> = Object.create(null) as Record<string, string>;
  let count = 0;
  for (const [key, value] of Object.entries(attributes)) {
    if (!key.startsWith('sip.h.') || count >= MOST_HEADERS) continue;
    found[clean(key.slice('sip.h.'.length)).toLowerCase()] = clean(value);
    count += 1;
  }
  return { ...found };
}

/** x-vars: a JSON object, or `a=1;b=two`. What is neither gives no variables. */
function readVars(header: string | undefined): Record<string, string> {
  if (!header) return {};
  const pairs = header.trimStart().startsWith('{')
    ? jsonPairs(header)
    : header.split(';').map((pair) => pair.split(/=(.*)/s));
  return Object.fromEntries(
    pairs
      .map(([name, value]) => [(name ?? '').trim(), clean(value ?? '')] as const)
      .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name) && name !== '__proto__')
      .slice(0, MOST_VARS),
  );
}

function jsonPairs(header: string): string[][] {
  try {
    const parsed: unknown = JSON.parse(header);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return [];
    return Object.entries(parsed).map(([name, value]) => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]);
  } catch {
    return [];
  }
}

/** Without control characters (they forge log lines and prompts), and bounded. */
function clean(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
    .slice(0, MOST_VALUE)
    .trim();
}
