import type { Room } from '@livekit/rtc-node';
import { piecesOf } from '../definition/template.ts';
import type { JsonObject } from '../tools/tool.ts';

/** Characters of a value from the outcome: all headers have to fit into one UDP packet. */
const MOST_VALUE = 512;
/** Milliseconds that LiveKit SIP gets to answer. */
const ANSWER_LIMIT = 2_000;

/**
 * The headers that the PBX gets with the BYE, from their templates. `{{outcome.<property>}}` is of the call's outcome: text as it is, anything else
 * as JSON; a header for which there is nothing is left out.
 */
export function byeHeaders(
  templates: Readonly<Record<string, string>>,
  outcome: JsonObject,
  render: (template: string) => string,
): Record<string, string> {
  const filled = Object.entries(templates).map(([name, template]) => {
    const value = piecesOf(template).map((piece) => {
      if ('text' in piece) return piece.text;
      const [scope, property = ''] = piece.variable.split('.', 2);
      return scope === 'outcome' ? oneLine(outcome[property]) : render(`{{${piece.variable}}}`);
    });
    return [name, value.join('').trim()] as const;
  });
  return Object.fromEntries(filled.filter(([, value]) => value !== ''));
}

function oneLine(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // A line break would begin a header of the caller's own making.
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ').slice(0, MOST_VALUE);
}

/**
 * Has LiveKit SIP hang up the leg with these headers on the BYE (its participant's RPC `lk.sip.EndCall`). Where that fails the BYE that follows when
 * the room goes has none.
 */
export async function sayBye(
  room: Room,
  leg: string,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  await room.localParticipant?.performRpc({
    destinationIdentity: leg,
    method: 'lk.sip.EndCall',
    payload: JSON.stringify({ headers }),
    responseTimeout: ANSWER_LIMIT,
  });
}
