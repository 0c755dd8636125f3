import type { SipResult } from '../../../livekit/client.ts';
import type { Refusal } from '../tolls.ts';
import type { TransferAttempt } from '../../../threads/entry.ts';

/** What an attempt came to, without what it was. */
export type Verdict = Pick<TransferAttempt, 'status' | 'cause' | 'code' | 'sip_status'>;

/** What is known on the wire when an attempt is over. */
export type SipFacts =
  | { readonly over: 'answered' }
  /** Nothing was sent. */
  | {
      readonly over: 'unsent';
      readonly cause:
        'loop' | 'trunk_unknown' | 'credentials_missing' | 'livekit_unreachable' | 'not_isolated' | Refusal;
    }
  /** The call ended, by the caller or by us, before there was a result. */
  | { readonly over: 'call_ended'; readonly callerGone: boolean }
  /** Somebody answered, was told about the caller, and did not take the call. */
  | { readonly over: 'not_taken'; readonly how: 'refused' | 'hung_up' | 'undecided' }
  | { readonly over: 'refer_refused'; readonly answer: SipResult & { ok: false } }
  | {
      readonly over: 'invite_refused';
      readonly answer: SipResult & { ok: false };
      /** Whether the far end said that it rings (18x). */
      readonly rang: boolean;
      /** Whether credentials were there to answer a challenge with. */
      readonly authenticated: boolean;
    };

/** Our own numbers for what an authenticated bridge comes to, beside the SIP status. */
const AUTH_FAILED = 4240;
const AUTH_TIMEOUT = 4250;

/** livekit-sip's own words where no SIP answer decided (its pkg/sip/protocol.go and errors.go); Twirp's code says less. */
const NO_CREDENTIALS_TAKEN = /max auth retry|required auth|no auth header/i;
const SILENCE = /timed out|failed to complete/i;
const GIVEN_UP = new Set(['deadline_exceeded', 'canceled']);

/** The result of an attempt from what was on the wire: one table for REFER and INVITE (RFC 3261 section 21, RFC 3515 section 2.4). */
export function classify(facts: SipFacts): Verdict {
  switch (facts.over) {
    case 'answered':
      return verdict('completed', null);
    case 'unsent':
      return verdict('failed', facts.cause);
    case 'call_ended':
      return verdict('canceled', facts.callerGone ? 'caller_hung_up' : 'call_ended');
    case 'not_taken':
      return facts.how === 'undecided'
        ? verdict('no-answer', 'not_accepted')
        : verdict('rejected', facts.how === 'refused' ? 'callee_refused' : 'callee_hung_up');
    case 'refer_refused': {
      const { sipStatus, livekitCode } = facts.answer;
      if (sipStatus === 405 || sipStatus === 501)
        return verdict('failed', 'refer_unsupported', null, sipStatus);
      if (sipStatus !== null) return ofStatus(sipStatus);
      if (livekitCode === 'call_ended') return verdict('canceled', 'caller_hung_up');
      return GIVEN_UP.has(livekitCode) ? verdict('timeout', 'no_notify') : verdict('failed', livekitCode);
    }
    case 'invite_refused':
      return ofInvite(facts);
    default:
      return facts satisfies never;
  }
}

function ofInvite({ answer, rang, authenticated }: SipFacts & { over: 'invite_refused' }): Verdict {
  const { sipStatus, livekitCode, message } = answer;
  if (sipStatus !== null) return ofStatus(sipStatus);
  if (NO_CREDENTIALS_TAKEN.test(message)) return verdict('failed', 'sip_auth_failed', AUTH_FAILED);
  if (SILENCE.test(message) || GIVEN_UP.has(livekitCode)) {
    if (rang) return verdict('no-answer', 'no_answer');
    // livekit-sip does not say whether there was a challenge: a far end that takes credentials and says nothing did not take these.
    return authenticated
      ? verdict('timeout', 'sip_auth_timeout', AUTH_TIMEOUT)
      : verdict('timeout', 'no_response');
  }
  return verdict('failed', livekitCode);
}

function ofStatus(status: number): Verdict {
  switch (status) {
    case 486:
    case 600:
      return verdict('busy', 'busy', null, status);
    case 408:
    case 480:
      return verdict('no-answer', 'no_answer', null, status);
    case 403:
    case 603:
      return verdict('rejected', 'rejected', null, status);
    case 401:
    case 407:
      return verdict('failed', 'sip_auth_failed', AUTH_FAILED, status);
    case 404:
      return verdict('failed', 'not_found', null, status);
    default:
      return verdict('failed', status >= 500 && status < 600 ? 'server_error' : 'refused', null, status);
  }
}

function verdict(
  status: Verdict['status'],
  cause: string | null,
  code: number | null = null,
  sip_status: number | null = null,
): Verdict {
  return { status, cause, code, sip_status };
}
