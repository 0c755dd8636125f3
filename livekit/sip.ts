import { Duration } from '@bufbuild/protobuf';
import {
  CreateSIPParticipantRequest,
  type SIPDispatchRuleInfo,
  type SIPInboundTrunkInfo,
  type SIPOutboundTrunkInfo,
  SIPOutboundConfig,
  SIPParticipantInfo,
  SIPTransferReason,
  SIPTransferStatus,
  SIPTransport,
  TransferSIPParticipantRequest,
  TransferSIPParticipantResponse,
} from '@livekit/protocol';
import { AttendantError } from '../base/errors.ts';
import { type Collection, collections } from './collections.ts';
import { refusalOf, type Twirp } from './twirp.ts';

/** How a REFER or an INVITE went. A refusal carries the SIP status of the answer or of the final NOTIFY, where there was one. */
export type SipResult =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly sipStatus: number | null;
      readonly sipReason: string | null;
      /** Twirp's code, or `call_ended` where the caller hung up before the transfer had a result. */
      readonly livekitCode: string;
      readonly message: string;
    };

/** Who is dialed and how. */
export interface DialRequest {
  readonly room: string;
  /** The new participant's; LiveKit's own default is the same for every call. */
  readonly identity: string;
  /** Number or user: the part of the address before the @. */
  readonly user: string;
  /** An outbound trunk by its id, or the way to a host without one. */
  readonly via: { readonly trunkId: string } | StraightWay;
  /** User of the From address; a trunk's own number where it is undefined. */
  readonly callerId: string | undefined;
  readonly displayName: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds until LiveKit gives up (CANCEL); 75 s at most, LiveKit's own limit is 80 s. */
  readonly ringTimeout: number;
  /** Milliseconds from the answer after which LiveKit hangs up, whatever has become of us; not known to livekit-sip 1.8. */
  readonly maxDuration?: number | undefined;
}

export interface StraightWay {
  /** `host` or `host:port`. */
  readonly host: string;
  readonly transport: 'udp' | 'tcp' | 'tls' | undefined;
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
  readonly fromHost: string | undefined;
}

const TRANSPORTS = {
  udp: SIPTransport.SIP_TRANSPORT_UDP,
  tcp: SIPTransport.SIP_TRANSPORT_TCP,
  tls: SIPTransport.SIP_TRANSPORT_TLS,
} as const;
const LONGEST_RING = 75_000;
/** Joining the room comes before the INVITE, and the answer of LiveKit after it. */
const DIAL_MARGIN = 4_000;

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
   * Dials, and resolves when the far end has answered or will not. The leg joins the room before it rings. Everything that can go wrong is in
   * the result; it never throws. To give up a call that rings remove its participant, which sends the CANCEL: LiveKit's request itself knows no
   * way back.
   */
  async dial(dial: DialRequest): Promise<SipResult> {
    const ringTimeout = Math.min(dial.ringTimeout, LONGEST_RING);
    const request = new CreateSIPParticipantRequest({
      ...wayOf(dial.via),
      sipCallTo: dial.user,
      sipNumber: dial.callerId ?? '',
      ...(dial.displayName === undefined ? {} : { displayName: dial.displayName }),
      roomName: dial.room,
      participantIdentity: dial.identity,
      headers: { ...dial.headers },
      playDialtone: false,
      hidePhoneNumber: true,
      ringingTimeout: durationOf(ringTimeout),
      ...(dial.maxDuration === undefined ? {} : { maxCallDuration: durationOf(dial.maxDuration) }),
      waitUntilAnswered: true,
    });
    try {
      await this.#twirp.request('SIP/CreateSIPParticipant', request, SIPParticipantInfo, {
        grants: { video: { roomAdmin: true, room: dial.room }, sip: { call: true } },
        signal: new AbortController().signal,
        timeout: ringTimeout + DIAL_MARGIN,
      });
      return { ok: true };
    } catch (error) {
      if (!(error instanceof AttendantError)) throw error;
      return failure(error);
    }
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
  ): Promise<SipResult> {
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

function wayOf(via: DialRequest['via']): { sipTrunkId: string } | { trunk: SIPOutboundConfig } {
  if ('trunkId' in via) return { sipTrunkId: via.trunkId };
  const { host, transport, credentials, fromHost } = via;
  return {
    trunk: new SIPOutboundConfig({
      hostname: host,
      transport: transport ? TRANSPORTS[transport] : SIPTransport.SIP_TRANSPORT_AUTO,
      authUsername: credentials?.user ?? '',
      authPassword: credentials?.password ?? '',
      fromHost: fromHost ?? '',
    }),
  };
}

function failure(error: AttendantError): SipResult {
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
