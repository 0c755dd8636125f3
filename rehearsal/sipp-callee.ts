import { AttendantError } from '../base/errors.ts';
import {
  byeAtAnyTime,
  captures,
  PAYLOAD_TYPES,
  play,
  reply,
  type SippCodec,
  type SippFiles,
  type SippStep,
  stepXml,
} from './sipp-scenario.ts';

/** What a far end does with an INVITE. */
export type FarEnd =
  /** Refuses with a final status. */
  | { readonly kind: 'refuse'; readonly status: number }
  /** Rings, so many milliseconds, and answers; the last step is `bye` or `until_bye`. */
  | { readonly kind: 'answer'; readonly ring?: number; readonly steps: readonly SippStep[] }
  /** Says 180 and waits for the CANCEL. */
  | { readonly kind: 'ring' }
  /** Never says a word. */
  | { readonly kind: 'silent' }
  /** Asks for credentials (407) each time it is called, then does this. */
  | { readonly kind: 'challenge'; readonly times: number; readonly then: FarEnd }
  /** Is called several times: does the first of these at the first call, and the last from then on. At most one of them answers. */
  | { readonly kind: 'in_turn'; readonly each: readonly FarEnd[] };

/** How often it may be called, before it listens no more: once more than is expected. */
export const callsOf = (does: FarEnd): number => (does.kind === 'in_turn' ? does.each.length + 1 : 1);

export interface SippCallee {
  readonly codec: SippCodec;
  /** Raw audio in the codec to play from the answer on. */
  readonly audio: string;
  /** The port that gets the caller's audio and keys in place of SIPp, which listens to none. */
  readonly hearAt?: number | undefined;
  readonly does: FarEnd;
}

/** Longer than any test. */
const FOREVER = 600_000;

/** A SIPp scenario for one that is called. */
export function sippCalleeXml(callee: SippCallee): SippFiles {
  const xml = `<?xml version="1.0" encoding="UTF-8" ?>
<scenario name="callee">
${callee.does.kind === 'in_turn' ? '  <Global variables="turn"/>\n' : ''}${takeInvite()}${doing(callee, callee.does)}  <nop next="end"/>
  <label id="over"/>
${reply('200 OK')}  <label id="end"/>
  <nop/>
</scenario>
`;
  return { xml, keys: [], captures: captures(stepsOf(callee.does)) };
}

function stepsOf(does: FarEnd): readonly SippStep[] {
  if (does.kind === 'challenge') return stepsOf(does.then);
  if (does.kind === 'in_turn') return does.each.flatMap(stepsOf);
  return does.kind === 'answer' ? does.steps : [];
}

function takeInvite(): string {
  const header = (name: string, regexp: string, variable: string) =>
    `<ereg regexp="${regexp}" search_in="hdr" header="${name}:" assign_to="${variable}"/>`;
  return `  <recv request="INVITE" rrs="true">
    <action>${header('From', '.*', 'remote')}${header('To', '.*', 'local')}${header('CSeq', '[0-9]+', 'cseq')}</action>
  </recv>
  <nop><action><log message="INVITE [$cseq] from [$remote] to [$local]"/></action></nop>
`;
}

function doing(callee: SippCallee, does: FarEnd): string {
  switch (does.kind) {
    case 'refuse':
      return final(`${does.status} Refused`) + ack();
    case 'ring':
      return (
        provisional() +
        '  <recv request="CANCEL"/>\n' +
        reply('200 OK') +
        final('487 Request Terminated') +
        '  <recv request="ACK" timeout="2000" ontimeout="end"/>\n'
      );
    case 'silent':
      return `  <pause milliseconds="${FOREVER}"/>\n`;
    case 'challenge': {
      const nonce = 'Proxy-Authenticate: Digest realm="pbx",nonce="b1a2c3d4",algorithm=MD5,qop="auth"\n';
      const once = final('407 Proxy Authentication Required', nonce) + ack();
      return (
        Array.from({ length: does.times }, () => once).join(takeInvite()) +
        takeInvite() +
        doing(callee, does.then)
      );
    }
    case 'in_turn': {
      const label = (i: number) => `  <label id="turn${i}"/>\n`;
      const branches = does.each
        .slice(0, -1)
        .map(
          (_, i) =>
            `  <nop next="turn${i}" test="is${i}"><action><test assign_to="is${i}" variable="turn" compare="equal" value="${i + 1}"/></action></nop>\n`,
        );
      const all = does.each.map((one, i) => `${label(i)}${doing(callee, one)}  <nop next="end"/>\n`);
      const last = all.length - 1;
      return [
        '  <nop><action><add assign_to="turn" value="1"/></action></nop>\n',
        ...branches,
        `  <nop next="turn${last}"/>\n`,
        ...all,
      ].join('');
    }
    case 'answer': {
      const { steps, ring = 0 } = does;
      const last = steps.at(-1)?.kind;
      if (last !== 'bye' && last !== 'until_bye')
        throw new AttendantError('E_SCENARIO_INVALID', "a SIPp callee's last step is bye or until_bye");
      const after = steps.map((step, i) =>
        step.kind === 'bye' ? bye() : stepXml({ codec: callee.codec, steps }, step, i),
      );
      return (
        provisional() +
        (ring > 0 ? `  <pause milliseconds="${Math.round(ring)}"/>\n` : '') +
        answer(callee) +
        byeAtAnyTime(last === 'until_bye') +
        ack() +
        play(callee.audio, callee.codec) +
        after.join('')
      );
    }
    default:
      return does satisfies never;
  }
}

function response(status: string, more: string, attributes = ''): string {
  return `  <send${attributes}><![CDATA[

SIP/2.0 ${status}
[last_Via:]
From:[$remote]
To:[$local];tag=[pid]callee[call_number]
[last_Call-ID:]
CSeq: [$cseq] INVITE
[last_Record-Route:]
Contact: <sip:callee@[local_ip]:[local_port];transport=[transport]>
${more}
]]></send>\n`;
}

function provisional(): string {
  return response('180 Ringing', 'Content-Length: 0\n');
}

function final(status: string, headers = ''): string {
  return response(status, `${headers}Content-Length: 0\n`);
}

function answer({ codec, hearAt }: SippCallee): string {
  const type = PAYLOAD_TYPES[codec];
  return response(
    '200 OK',
    `Content-Type: application/sdp
Content-Length: [len]

v=0
o=callee 1 1 IN IP[media_ip_type] [media_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio ${hearAt ?? '[media_port]'} RTP/AVP ${type} 101
a=rtpmap:${type} ${codec}/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=sendrecv
`,
    ' retrans="500"',
  );
}

function ack(): string {
  return '  <recv request="ACK"/>\n';
}

function bye(): string {
  return `  <send retrans="500"><![CDATA[

BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[routes]
From:[$local];tag=[pid]callee[call_number]
To:[$remote]
[last_Call-ID:]
CSeq: 900 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv response="200" next="end"/>\n`;
}
