import type { FarEnd } from '../../rehearsal/sipp-callee.ts';
import type { ReferAnswer } from '../../rehearsal/sipp-scenario.ts';
import type { TransferAttempt } from '../../threads/entry.ts';

type Verdict = readonly [
  status: TransferAttempt['status'],
  cause: string | null,
  sip_status: number | null,
  code?: number,
];

/** What a far end does, and what the thread then says. The table in docs/transfers.md has the same rows. */
export interface ReferRow {
  readonly name: string;
  readonly pbx: ReferAnswer;
  readonly then: Verdict;
}

export interface InviteRow {
  readonly name: string;
  readonly method: 'bridge' | 'warm';
  /** The variable that has the address, of the agent `transfers`. */
  readonly to: string;
  readonly desk: FarEnd;
  readonly then: Verdict;
}

const REFUSALS = [
  [486, 'busy', 'busy'],
  [600, 'busy', 'busy'],
  [480, 'no-answer', 'no_answer'],
  [408, 'no-answer', 'no_answer'],
  [403, 'rejected', 'rejected'],
  [603, 'rejected', 'rejected'],
  [404, 'failed', 'not_found'],
  [500, 'failed', 'server_error'],
] as const;

export const REFER_ROWS: readonly ReferRow[] = [
  ...REFUSALS.map(([status, word, cause]) => ({
    name: `refer × ${status}`,
    pbx: { status },
    then: [word, cause, status] as const,
  })),
  { name: 'refer × 405', pbx: { status: 405 }, then: ['failed', 'refer_unsupported', 405] },
  { name: 'refer × 501', pbx: { status: 501 }, then: ['failed', 'refer_unsupported', 501] },
  { name: 'refer × bad credentials', pbx: { status: 401 }, then: ['failed', 'sip_auth_failed', 401, 4240] },
  { name: 'refer × NOTIFY 486', pbx: { status: 202, notify: [100, 486] }, then: ['busy', 'busy', 486] },
  {
    name: 'refer × NOTIFY 603',
    pbx: { status: 202, notify: [100, 180, 603] },
    then: ['rejected', 'rejected', 603],
  },
  { name: 'refer × no NOTIFY', pbx: { status: 202, notify: [] }, then: ['timeout', 'no_notify', null] },
  {
    name: 'refer × ring timeout',
    pbx: { status: 202, notify: [100, 180] },
    then: ['timeout', 'no_notify', null],
  },
];

/** What an INVITE meets, to the destinations without and with credentials. */
const inviteRows = (method: 'bridge' | 'warm', straight: string, signed: string): readonly InviteRow[] => [
  ...REFUSALS.map(([status, word, cause]) => ({
    name: `${method} × ${status}`,
    method,
    to: straight,
    desk: { kind: 'refuse', status } as const,
    then: [word, cause, status] as const,
  })),
  {
    name: `${method} × 405`,
    method,
    to: straight,
    desk: { kind: 'refuse', status: 405 },
    then: ['failed', 'refused', 405],
  },
  {
    name: `${method} × 501`,
    method,
    to: straight,
    desk: { kind: 'refuse', status: 501 },
    then: ['failed', 'server_error', 501],
  },
  {
    name: `${method} × ring timeout`,
    method,
    to: straight,
    desk: { kind: 'ring' },
    then: ['no-answer', 'no_answer', null],
  },
  {
    name: `${method} × silence`,
    method,
    to: straight,
    desk: { kind: 'silent' },
    then: ['timeout', 'no_response', null],
  },
  {
    name: `${method} × bad credentials`,
    method,
    to: signed,
    desk: { kind: 'challenge', times: 4, then: { kind: 'refuse', status: 407 } },
    then: ['failed', 'sip_auth_failed', null, 4240],
  },
  {
    name: `${method} × no credentials`,
    method,
    to: straight,
    desk: { kind: 'refuse', status: 407 },
    then: ['failed', 'sip_auth_failed', null, 4240],
  },
  {
    name: `${method} × silent challenge`,
    method,
    to: signed,
    desk: { kind: 'challenge', times: 1, then: { kind: 'silent' } },
    then: ['timeout', 'sip_auth_timeout', null, 4250],
  },
];

export const BRIDGE_ROWS = inviteRows('bridge', 'straight', 'signed');
export const WARM_ROWS = inviteRows('warm', 'warm', 'warm_signed');
