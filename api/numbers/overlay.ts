import { SIPDispatchRuleInfo, type SIPInboundTrunkInfo } from '@livekit/protocol';
import { WORKER_NAME } from '../../livekit/worker-name.ts';
import type { PoolNumber } from '../../sip-trunks/number-pool.ts';
import type { Assignment } from '../../threads/numbers.ts';

/** No file's name has a slash. */
const MARK = 'number/';

/** Whether something was made of a number that somebody took, and of no file. */
export const isOfNumber = (mark: string): boolean => mark.startsWith(MARK);

/** A thing that LiveKit is to have, and what it was made from. */
export interface Made<T> {
  readonly mark: string;
  readonly info: T;
}

/**
 * What numbers that were taken add to the files: each has a trunk of its own, as open as the trunk that the pool names for it, and a rule. (A rule
 * by number on one trunk would do as well, but LiveKit compares the number of a rule as text, with its plus, and that of a trunk by its digits.) A
 * trunk of the pool without numbers of its own is only a pattern for those: by itself it would take every number.
 */
export function withNumbers(
  inbound: readonly Made<SIPInboundTrunkInfo>[],
  pool: readonly PoolNumber[],
  assigned: readonly Assignment[],
): {
  trunks: Made<SIPInboundTrunkInfo>[];
  rules: Made<SIPDispatchRuleInfo>[];
  /** The trunks that numbers are taken after. */
  patterns: SIPInboundTrunkInfo[];
} {
  const trunkOf = new Map(pool.map(({ number, trunk }) => [number, trunk]));
  const ofPool = new Set(trunkOf.values());
  const own = inbound.filter(({ info }) => !ofPool.has(info.name) || info.numbers.length > 0);
  const made = assigned.flatMap((one) => {
    // What the file lists no longer is not provisioned any more.
    const pattern = inbound.find(({ info }) => info.name === trunkOf.get(one.number))?.info;
    return pattern ? [{ trunk: trunkFor(one, pattern), rule: ruleFor(one) }] : [];
  });
  return {
    trunks: [...own, ...made.map(({ trunk }) => trunk)],
    rules: made.map(({ rule }) => rule),
    patterns: inbound.filter(({ info }) => ofPool.has(info.name)).map(({ info }) => info),
  };
}

const nameOf = ({ number }: Assignment): string => `number ${number}`;

function trunkFor(one: Assignment, pattern: SIPInboundTrunkInfo): Made<SIPInboundTrunkInfo> {
  const info = pattern.clone();
  info.name = nameOf(one);
  info.numbers = [one.number];
  return { mark: `${MARK}${one.number}`, info };
}

function ruleFor(one: Assignment): Made<SIPDispatchRuleInfo> {
  const { number, agent, organization } = one;
  const info = SIPDispatchRuleInfo.fromJson({
    name: nameOf(one),
    trunkIds: [nameOf(one)],
    rule: { dispatchRuleIndividual: { roomPrefix: 'call' } },
    roomConfig: { agents: [{ agentName: WORKER_NAME, metadata: JSON.stringify({ agent, organization }) }] },
  });
  return { mark: `${MARK}${number}`, info };
}
