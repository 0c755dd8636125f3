import type { BaresipEvent } from './baresip.ts';

/** What happens on a softphone. `call` is the SIP Call-ID, `at` the wall's milliseconds. */
export type PhoneEvent = { readonly at: number; readonly call: string } & (
  | { readonly kind: 'incoming'; readonly from: string }
  | { readonly kind: 'ringing' }
  | { readonly kind: 'established' }
  /** `sipStatus` is that of a refusal (RFC 3261 section 21), null for a call that was up or ended without one. */
  | { readonly kind: 'closed'; readonly reason: string; readonly sipStatus: number | null }
  /** A REFER came; the softphone calls the target by itself and reports to whoever sent it (RFC 3515). */
  | { readonly kind: 'transfer'; readonly to: string }
  | { readonly kind: 'transfer-failed'; readonly reason: string }
  /** A key pressed at the far end (RFC 4733). */
  | { readonly kind: 'key'; readonly digit: string }
);

/** What baresip says, as what happened; undefined for what nobody waits for. */
export function phoneEvent(event: BaresipEvent, at: number): PhoneEvent | undefined {
  const base = { at, call: event.id ?? '' };
  const param = event.param ?? '';
  switch (event.type) {
    case 'CALL_INCOMING':
      return { ...base, kind: 'incoming', from: event.peeruri ?? '' };
    case 'CALL_RINGING':
      return { ...base, kind: 'ringing' };
    case 'CALL_ESTABLISHED':
      return { ...base, kind: 'established' };
    case 'CALL_CLOSED': {
      const status = /^([3-6]\d\d) /.exec(param)?.[1];
      return { ...base, kind: 'closed', reason: param, sipStatus: status ? Number(status) : null };
    }
    case 'TRANSFER':
      return { ...base, kind: 'transfer', to: /<([^>]*)>/.exec(param)?.[1] ?? param.trim() };
    case 'TRANSFER_FAILED':
      return { ...base, kind: 'transfer-failed', reason: param };
    case 'CALL_DTMF_START':
      return { ...base, kind: 'key', digit: param };
    default:
      return undefined;
  }
}
