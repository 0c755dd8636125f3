import { Duration } from '@bufbuild/protobuf';
import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import type { Made } from './numbers/overlay.ts';
import type { Provisioning } from './provisioning-files.ts';

/** No file's name has a slash. */
const MARK = 'refusal/unknown-numbers';
const NAME = 'unknown numbers';
const EVERYWHERE = ['0.0.0.0/0', '::/0'];
/** LiveKit takes none for its own limit of a day. */
const NO_TIME = new Duration({ nanos: 1 });

/** Whether something was made to refuse what no trunk takes, and of no file. */
export const isRefusal = (mark: string): boolean => mark === MARK;

/** What is in LiveKit that is not ours. */
interface Foreign {
  readonly trunks: readonly SIPInboundTrunkInfo[];
  readonly rules: readonly SIPDispatchRuleInfo[];
}

/**
 * A trunk for every number that no other takes, and a rule that refuses its calls. LiveKit SIP says 180 to a call that fits no trunk and then nothing,
 * and to one that fits a trunk without a rule as well; it cannot be told to say 404. A call that may last no time it refuses with 486, before there is
 * a room: nobody is let in by this who was not before.
 *
 * It is for those whom the other trunks accept: their addresses, or, where one of them goes by credentials alone, those credentials, so that a stranger
 * is asked for them and learns nothing. LiveKit takes one trunk without numbers only, so where there is one it is that which decides. It must not take
 * calls away from a rule without trunks that somebody else made either.
 *
 * @param parts.trunks all that are provisioned.
 * @param parts.patterns those that numbers are taken after.
 */
export function refusingUnknownNumbers(parts: {
  readonly trunks: readonly SIPInboundTrunkInfo[];
  readonly patterns: readonly SIPInboundTrunkInfo[];
  readonly foreign: Foreign;
}): { trunk: Made<SIPInboundTrunkInfo>; rule: Made<SIPDispatchRuleInfo> } | undefined {
  const { trunks, patterns, foreign } = parts;
  const isOpen = ({ numbers }: SIPInboundTrunkInfo) => numbers.length === 0;
  const all = [...trunks, ...patterns];
  if (all.length === 0 || [...trunks, ...foreign.trunks].some(isOpen)) return undefined;
  if (foreign.rules.some(({ trunkIds }) => trunkIds.length === 0)) return undefined;
  const fromAnywhere = all.filter(({ allowedAddresses }) => allowedAddresses.length === 0);
  const addresses = [...new Set(all.flatMap(({ allowedAddresses }) => allowedAddresses))].sort();
  const credentials = fromAnywhere.find(({ authUsername }) => authUsername !== '');
  const trunk = new SIPInboundTrunkInfo({
    name: NAME,
    allowedAddresses: fromAnywhere.length > 0 ? EVERYWHERE : addresses,
    authUsername: credentials?.authUsername ?? '',
    authPassword: credentials?.authPassword ?? '',
    authRealm: credentials?.authRealm ?? '',
    ringingTimeout: NO_TIME,
    maxCallDuration: NO_TIME,
  });
  const rule = SIPDispatchRuleInfo.fromJson({
    name: NAME,
    trunkIds: [NAME],
    rule: { dispatchRuleIndividual: { roomPrefix: 'refused' } },
  });
  return { trunk: { mark: MARK, info: trunk }, rule: { mark: MARK, info: rule } };
}

/**
 * The trunks whose callers are left ringing when they dial what nobody has: a trunk without numbers takes all of them, but not from these callers'
 * addresses, and LiveKit has no second one.
 *
 * @returns their names, and that of the trunk without numbers.
 */
export function leftRinging({
  inbound,
  pool,
}: Pick<Provisioning, 'inbound' | 'pool'>):
  { readonly names: readonly string[]; readonly open: string } | undefined {
  const isPattern = (name: string) => pool.some(({ trunk }) => trunk === name);
  const open = inbound.find(({ info }) => info.numbers.length === 0 && !isPattern(info.name))?.info;
  if (!open || open.allowedAddresses.length === 0) return undefined;
  const takes = new Set(open.allowedAddresses.map(bare));
  const names = inbound
    .filter(
      ({ info: { allowedAddresses: own } }) => own.length === 0 || own.some((one) => !takes.has(bare(one))),
    )
    .map(({ info }) => info.name);
  return names.length > 0 ? { names, open: open.name } : undefined;
}

const bare = (address: string): string => address.replace(/\/(32|128)$/, '');
