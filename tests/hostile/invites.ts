/** An INVITE as a careful telephone sends it. */
export interface InviteFacts {
  /** Tells its Call-ID, tag and branch from those of others. */
  readonly id: string;
  readonly user: string;
  /** The SIP server's port, and the port that answers go to. */
  readonly to: number;
  readonly from: number;
  /** The sender's address; 127.0.0.1 unless said. */
  readonly host?: string;
  readonly transport?: 'UDP' | 'TCP' | 'TLS';
  readonly headers?: readonly string[];
  /** Lines of the session description. */
  readonly sdp?: readonly string[];
}

export function sdpOf(port = 9, lines: readonly string[] = []): string[] {
  return [
    ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'],
    ...[`m=audio ${port} RTP/AVP 0 101`, 'a=rtpmap:0 PCMU/8000', 'a=rtpmap:101 telephone-event/8000'],
    ...lines,
  ];
}

export function inviteOf({
  id,
  user,
  to,
  from,
  host = '127.0.0.1',
  transport = 'UDP',
  headers = [],
  sdp = sdpOf(),
}: InviteFacts): string {
  return request('INVITE', { id, user, to, from, host, transport, headers }, `${sdp.join('\r\n')}\r\n`);
}

/** Takes the INVITE back (RFC 3261 section 9.1). */
export function cancelOf(facts: InviteFacts): string {
  return request('CANCEL', { host: '127.0.0.1', transport: 'UDP', headers: [], ...facts }, '');
}

function request(
  method: string,
  { id, user, to, from, host, transport, headers }: Required<Omit<InviteFacts, 'sdp'>>,
  body: string,
): string {
  return [
    `${method} sip:${user}@127.0.0.1:${to} SIP/2.0`,
    `Via: SIP/2.0/${transport} ${host}:${from};branch=z9hG4bK${id}`,
    `From: "Caller" <sip:+15550111@${host}:${from}>;tag=${id}`,
    `To: <sip:${user}@127.0.0.1:${to}>`,
    `Call-ID: ${id}`,
    `CSeq: 1 ${method}`,
    `Contact: <sip:+15550111@${host}:${from}>`,
    'Max-Forwards: 70',
    ...headers,
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}
