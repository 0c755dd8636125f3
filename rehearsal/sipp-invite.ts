/** Codecs that SIPp can send from a file, by their RTP payload types (RFC 3551 table 4). */
export const PAYLOAD_TYPES = { PCMU: 0, G722: 9 } as const;
export type SippCodec = keyof typeof PAYLOAD_TYPES;

/** A port for each call, out of the file of values that SIPp is given (`-inf`). */
export const PORT_OF_CALL = '[field0]';

export interface SippCredentials {
  readonly user: string;
  readonly password: string;
}

/** What of a caller stands in its INVITE. */
interface Inviting {
  readonly codec: SippCodec;
  readonly user: string;
  readonly from: string;
  readonly hearAt?: number | typeof PORT_OF_CALL | undefined;
  readonly credentials?: SippCredentials | undefined;
}

/** The INVITE, and where the caller has credentials the one that bears them, after the challenge (RFC 3261 section 22.2). */
export function invites(caller: Inviting, headers: string): string {
  const first = invite(caller, headers, 1);
  if (!caller.credentials) return first;
  const { user, password } = caller.credentials;
  return `${first}
  <recv response="100" optional="true"/>
  <recv response="407" auth="true"/>
  <send><![CDATA[

ACK sip:${caller.user}@[remote_ip]:[remote_port] SIP/2.0
[last_Via:]
[last_From:]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
${invite(caller, `[authentication username=${user} password=${password}]\n${headers}`, 2)}`;
}

function invite(caller: Inviting, headers: string, cseq: number): string {
  return `  <send retrans="500" start_rtd="true"><![CDATA[

INVITE sip:${caller.user}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:${caller.from}@[local_ip]:[local_port]>;tag=[pid]caller[call_number]
To: <sip:${caller.user}@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: ${cseq} INVITE
Contact: <sip:${caller.from}@[local_ip]:[local_port]>
Allow: INVITE, ACK, CANCEL, BYE, REFER, NOTIFY, OPTIONS
Max-Forwards: 70
${headers}Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP[media_ip_type] [media_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio ${caller.hearAt ?? '[media_port]'} RTP/AVP ${PAYLOAD_TYPES[caller.codec]} 101
a=rtpmap:${PAYLOAD_TYPES[caller.codec]} ${caller.codec}/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=sendrecv

]]></send>`;
}
