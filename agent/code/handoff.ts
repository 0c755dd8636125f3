import { z } from 'zod';
import { AttendantError } from '../../base/errors.ts';
import type { Definition, Destination } from '../definition/definition.ts';
import { headerProblems } from '../definition/destination-problems.ts';
import { type Target, withinPatterns } from '../definition/dialable.ts';
import { plainHeaders } from '../tools/sip-headers.ts';
import type { Line, ToolResult, Utterance } from '../tools/tool.ts';

const MOST_HEADERS = 16;
const NAME = 'handoff';

const headers = z
  .record(z.string(), z.string())
  .refine((all) => Object.keys(all).length <= MOST_HEADERS, `at most ${MOST_HEADERS} headers`)
  .default({});
const address = z.string().min(1).max(512);
const invite = z.strictObject({
  phone_number: address,
  outbound_caller_id: z.string().min(1).max(64).optional(),
  outbound_endpoint: z.string().min(1).max(128).optional(),
  sip_headers: headers,
});
const refer = z
  .strictObject({ phone_number: address.optional(), refer_to: address.optional(), sip_headers: headers })
  .refine(
    ({ phone_number, refer_to }) => (phone_number === undefined) !== (refer_to === undefined),
    'give phone_number or refer_to, and one of them only',
  );
const handoff = z.strictObject({
  handoff: z.union([z.strictObject({ invite }), z.strictObject({ refer })]),
});
type Asked = z.infer<typeof handoff>['handoff'];

/** Whether a function has the caller handed over, with what it returned. */
export function isHandoff(value: unknown): value is { handoff: unknown } {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, NAME);
}

/**
 * Hands the caller over as a function returned it, within what the definition allows. The agent finishes its sentence; a transfer that fails brings
 * the caller back to it, as with transfer_call.
 *
 * @param settings undefined where callers are handed over to nobody.
 * @throws AttendantError E_CODE_RESULT, E_HANDOFF_REFUSED, E_TRANSFER_RUNNING, E_NO_SIP_LEG
 */
export async function handOver(
  value: { handoff: unknown },
  settings: Definition['handoff'],
  line: Pick<Line, 'transfer' | 'end'>,
  utterance: Utterance,
): Promise<ToolResult> {
  const parsed = handoff.safeParse(value);
  if (!parsed.success)
    throw new AttendantError(
      'E_CODE_RESULT',
      'what it returned is no handoff: write {handoff: {invite: {phone_number}}} or {handoff: {refer: {refer_to}}}',
    );
  const destinations = new Map([[NAME, destinationOf(parsed.data.handoff, settings)]]);
  const playedOut = () => utterance.playedOut();
  const { last } = await line.transfer({ to: NAME, destinations, playedOut });
  if (last.status !== 'completed') return { next: 'reply', content: { ...last } };
  line.end({ result: 'transferred', reason: NAME });
  return { next: 'silent', content: { ...last } };
}

function destinationOf(asked: Asked, settings: Definition['handoff']): Destination {
  if (!settings) throw refused('the definition allows no handoff');
  const isInvite = 'invite' in asked;
  const sip_headers = isInvite ? asked.invite.sip_headers : asked.refer.sip_headers;
  headerProblems(sip_headers, (_, what) => {
    throw refused(what);
  });
  const common = {
    description: '',
    headers: plainHeaders(sip_headers),
    ring_timeout: settings.ring_timeout,
    fallback: [],
  };
  if (!isInvite) {
    const target = permittedTarget(asked.refer.refer_to ?? asked.refer.phone_number ?? '', settings);
    return { ...common, to: uriOf(target), method: 'refer' };
  }
  const { phone_number, outbound_caller_id: callerId, outbound_endpoint: endpoint } = asked.invite;
  const target = permittedTarget(phone_number, settings);
  if (callerId !== undefined && !settings.caller_ids.includes(callerId))
    throw refused('outbound_caller_id is none of handoff.caller_ids');
  if (endpoint !== undefined && !settings.trunks.includes(endpoint))
    throw refused('outbound_endpoint is none of handoff.trunks');
  if (endpoint !== undefined && target.kind === 'address')
    // A trunk would take the user of the address to its own host.
    throw refused('an address is dialed straight: leave outbound_endpoint out, or write a number');
  const trunk = target.kind === 'number' ? (endpoint ?? settings.trunks[0]) : undefined;
  if (target.kind === 'number' && trunk === undefined) throw refused('a number needs a trunk');
  return {
    ...common,
    to: uriOf(target),
    method: 'bridge',
    caller_id: callerId ?? settings.caller_ids[0],
    trunk,
    hold_music: settings.hold_music,
  };
}

function permittedTarget(to: string, settings: NonNullable<Definition['handoff']>): Target {
  const { target, why } = withinPatterns(settings, to);
  if (!target) throw refused(why === 'not allowed' ? 'that is none of handoff.allow' : why);
  return target;
}

function uriOf(target: Target): string {
  return target.kind === 'number' ? `tel:${target.number}` : target.uri;
}

function refused(why: string): AttendantError {
  return new AttendantError('E_HANDOFF_REFUSED', why);
}
