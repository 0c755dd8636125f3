import { Duration } from '@bufbuild/protobuf';
import {
  type SIPDispatchRuleInfo,
  type SIPInboundTrunkInfo,
  type SIPOutboundTrunkInfo,
  SIPTransferReason,
  SIPTransferStatus,
  TransferSIPParticipantRequest,
  TransferSIPParticipantResponse,
} from '@livekit/protocol';
import { AttendantError } from '../base/errors.ts';
import { type Collection, collections } from './collections.ts';
import { refusalOf, type Twirp } from './twirp.ts';

/** How a REFER went. A refusal carries the SIP status of the answer or of the final NOTIFY, where there was one. */
export type ReferResult =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly sipStatus: number | null;
      readonly sipReason: string | null;
      /** Twirp's code, or `call_ended` where the caller hung up before the transfer had a result. */
      readonly livekitCode: string;
      readonly message: string;
    };

/** LiveKit's own answer to a REFER that nobody answered comes at the ring time-out; this much later it is LiveKit that is away. */
const REFER_MARGIN = 2_000;

/** Telephone calls of LiveKit SIP (https://docs.livekit.io/reference/telephony/sip-api/). */
export class Sip {
  readonly inboundTrunks: Collection<SIPInboundTrunkInfo>;
  readonly outboundTrunks: Collection<SIPOutboundTrunkInfo>;
  readonly dispatchRules: Collection<SIPDispatchRuleInfo>;
  readonly #twirp: Twirp;

  constructor(twirp: Twirp) {
    this.#twirp = twirp;
    const { inboundTrunks, outboundTrunks, dispatchRules } = collections(twirp);
    this.inboundTrunks = inboundTrunks;
    this.outboundTrunks = outboundTrunks;
    this.dispatchRules = dispatchRules;
  }

  /**
   * Transfers a leg by REFER (RFC 3515) and waits for the final NOTIFY. Everything that can go wrong is in the result; it throws only the
   * signal's reason. An abort gives up the waiting, not the transfer: LiveKit has no way to cancel one.
   *
   * @param options.ringTimeout milliseconds until LiveKit gives up on the final NOTIFY.
   */
  async refer(
    leg: { readonly room: string; readonly identity: string },
    to: string,
    options: {
      readonly headers: Readonly<Record<string, string>>;
      readonly ringTimeout: number;
      readonly signal: AbortSignal;
    },
  ): Promise<ReferResult> {
    const request = new TransferSIPParticipantRequest({
      roomName: leg.room,
      participantIdentity: leg.identity,
      transferTo: to,
      headers: { ...options.headers },
      // Its dial tone would mute the audio of the room, also when the transfer fails.
      playDialtone: false,
      ringingTimeout: durationOf(options.ringTimeout),
    });
    try {
      const response = await this.#twirp.request(
        'SIP/TransferSIPParticipant',
        request,
        TransferSIPParticipantResponse,
        {
          grants: { video: { roomAdmin: true, room: leg.room }, sip: { call: true } },
          signal: options.signal,
          timeout: options.ringTimeout + REFER_MARGIN,
        },
      );
      // Servers before 1.14 say nothing here. Later ones say when the caller hung up before there was a result.
      if (response.status !== SIPTransferStatus.STS_TRANSFER_FAILED) return { ok: true };
      const ended = response.reason === SIPTransferReason.STR_CALL_ENDED;
      return {
        ok: false,
        sipStatus: response.sipStatus?.code ?? null,
        sipReason: response.sipStatus?.status ?? null,
        livekitCode: ended ? 'call_ended' : 'unknown',
        message: ended ? 'the caller hung up before the transfer had a result' : 'the transfer failed',
      };
    } catch (error) {
      if (!(error instanceof AttendantError)) throw error;
      return failure(error);
    }
  }
}

function failure(error: AttendantError): ReferResult {
  const refusal = refusalOf(error);
  if (!refusal)
    return {
      ok: false,
      sipStatus: null,
      sipReason: null,
      livekitCode: 'unavailable',
      message: error.message,
    };
  const status = Number(refusal.metadata['sip_status_code'] ?? NaN);
  return {
    ok: false,
    sipStatus: Number.isInteger(status) && status >= 100 && status <= 699 ? status : null,
    sipReason: refusal.metadata['sip_status'] ?? null,
    livekitCode: refusal.twirpCode,
    message: refusal.message,
  };
}

function durationOf(ms: number): Duration {
  const whole = Math.floor(ms / 1_000);
  return new Duration({ seconds: BigInt(whole), nanos: Math.round((ms - whole * 1_000) * 1e6) });
}
