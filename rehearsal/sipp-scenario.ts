import { AttendantError } from '../base/errors.ts';
import { KEY_MS, keyCapture } from './key-capture.ts';
import { headerFault } from './pbx-config.ts';
import {
  invites,
  PAYLOAD_TYPES,
  type PORT_OF_CALL,
  type SippCodec,
  type SippCredentials,
} from './sipp-invite.ts';

export { PAYLOAD_TYPES, type SippCodec, type SippCredentials } from './sipp-invite.ts';

/**
 * How the caller answers a REFER: with a final status at once, or 202 and then the progress of the new call as NOTIFYs (RFC 3515); none
 * at all where the list is empty.
 */
export type ReferAnswer =
  | { readonly status: 202; readonly notify: readonly number[] }
  | { readonly status: 401 | 403 | 404 | 405 | 408 | 480 | 486 | 500 | 501 | 503 | 600 | 603 };

/** What a SIPp caller does on a call that is up, in order. */
export type SippStep =
  /** Waits until the test gives the cue (`SippRun.cue`). */
  | { readonly kind: 'cue' }
  | { readonly kind: 'pause'; readonly ms: number }
  /** Keys as RFC 4733 events, 300 ms from key to key. */
  | { readonly kind: 'press'; readonly digits: string }
  /** Plays raw audio in the call's codec (`writeSpeech`), from its beginning again when it ends. */
  | { readonly kind: 'play'; readonly file: string }
  /** Waits for a REFER and answers it. */
  | { readonly kind: 'refer'; readonly answer: ReferAnswer }
  /** Hangs up. */
  | { readonly kind: 'bye' }
  /** Waits until the far end hangs up. */
  | { readonly kind: 'until_bye' };

export interface SippCaller {
  readonly codec: SippCodec;
  readonly user: string;
  readonly from: string;
  /** In a value, `{call}` stands for the number of the call (from 1) where one run places several. */
  readonly headers: Readonly<Record<string, string>>;
  /** Raw audio in the codec to play from the answer on; a call without RTP is soon hung up. Undefined where another program sends it. */
  readonly audio?: string | undefined;
  /** The port that gets the far end's audio and keys in place of SIPp, which listens to none; or SIPp's own name of a value. */
  readonly hearAt?: number | typeof PORT_OF_CALL | undefined;
  /** What it answers a challenge (407) with; one must come then. */
  readonly credentials?: SippCredentials | undefined;
  readonly steps: readonly SippStep[];
}

/** What SIPp logs when a call waits for its cue, followed by the number of the call. */
export const WAITING = 'waits for its cue: call';
const USER = /^\+?[A-Za-z0-9._-]{1,64}$/;

/** What SIPp needs: the scenario, values for its command line, and files to stand beside the scenario. */
export interface SippFiles {
  readonly xml: string;
  readonly keys: readonly (readonly [key: string, value: string])[];
  readonly captures: readonly { readonly name: string; readonly bytes: Buffer }[];
}

/**
 * A SIPp scenario for a caller, and the command line's `-key` values that it needs: values of headers are given to SIPp there,
 * where nothing in them is a keyword or XML.
 *
 * A BYE of the far end is answered wherever it comes and ends the call; it is a failure unless the steps end with `until_bye`.
 */
export function sippCallerXml(caller: SippCaller): SippFiles {
  const { user, password } = caller.credentials ?? {};
  for (const one of [caller.user, caller.from, user, password]) {
    if (one !== undefined && !USER.test(one))
      throw new AttendantError('E_SCENARIO_INVALID', `no user of a SIP address: ${one}`);
  }
  const keys: [string, string][] = [];
  const headers = Object.entries(caller.headers).map(([name, value]) => {
    const fault = headerFault(name, value);
    if (fault) throw new AttendantError('E_SCENARIO_INVALID', fault);
    const parts = value.split('{call}').map((part) => {
      if (part === '') return '';
      const key = `attendant_${keys.length}`;
      keys.push([key, part]);
      return `[${key}]`;
    });
    return `${name}: ${parts.join('[call_number]')}\n`;
  });
  const body = caller.steps.map((step, i) => stepXml(caller, step, i)).join('');
  const last = caller.steps.at(-1)?.kind;
  if (last !== 'bye' && last !== 'until_bye') {
    throw new AttendantError('E_SCENARIO_INVALID', "a SIPp caller's last step is bye or until_bye");
  }
  const xml = `<?xml version="1.0" encoding="UTF-8" ?>
<scenario name="caller">
${invites(caller, headers.join(''))}
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
${byeAtAnyTime(last === 'until_bye')}  <recv response="200" rrs="true" rtd="true"/>
  <send><![CDATA[

ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[routes]
From: <sip:${caller.from}@[local_ip]:[local_port]>;tag=[pid]caller[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: ${caller.credentials ? 2 : 1} ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
${caller.audio === undefined ? '' : play(caller.audio, caller.codec)}${body}  <label id="over"/>
${reply('200 OK')}  <label id="end"/>
  <nop/>
</scenario>
`;
  return { xml, keys, captures: captures(caller.steps) };
}

/** The keys of each step that presses some, every press of the call told from the others. */
export function captures(steps: readonly SippStep[]): { name: string; bytes: Buffer }[] {
  let pressed = 0;
  return steps.flatMap((step, index) => {
    if (step.kind !== 'press') return [];
    if (!/^[0-9*#A-Da-d]{1,64}$/.test(step.digits)) {
      throw new AttendantError('E_SCENARIO_INVALID', `no keys of a telephone: ${step.digits}`);
    }
    const bytes = keyCapture(step.digits, pressed);
    pressed += step.digits.length;
    return [{ name: captureName(index), bytes }];
  });
}

export function stepXml(caller: Pick<SippCaller, 'codec' | 'steps'>, step: SippStep, index: number): string {
  switch (step.kind) {
    case 'cue':
      return `  <nop><action><log message="${WAITING} [call_number]"/></action></nop>\n  <recv request="MESSAGE"/>\n`;
    case 'pause':
      return `  <pause milliseconds="${Math.round(step.ms)}"/>\n`;
    case 'press':
      return press(caller, index, step.digits);
    case 'play':
      return play(step.file, caller.codec);
    case 'refer':
      return refer(step.answer, index);
    case 'bye':
      return bye();
    case 'until_bye':
      // The BYE itself is taken by the global receiver above, which jumps to the end.
      return '  <recv request="BYE" next="over"/>\n';
    default:
      return step satisfies never;
  }
}

/** From now on, again and again. */
export function play(file: string, codec: SippCodec): string {
  return `  <nop><action><exec rtp_stream="${attribute(file)},-1,${PAYLOAD_TYPES[codec]}"/></action></nop>\n`;
}

function press(caller: Pick<SippCaller, 'steps'>, index: number, digits: string): string {
  const next = caller.steps[index + 1]?.kind;
  // The last key sounds on while SIPp listens already: the agent may answer it, with a REFER say, before its tone is over.
  const keys = Array.from(digits).length - (next === 'bye' || next === 'press' ? 0 : 1);
  const capture = `  <nop><action><exec play_pcap_audio="${captureName(index)}"/></action></nop>\n`;
  return `${capture}  <pause milliseconds="${Math.max(1, keys * KEY_MS)}"/>\n`;
}

const captureName = (index: number) => `keys-${index}.pcap`;

function refer(answer: ReferAnswer, index: number): string {
  // The NOTIFY's Event names the REFER by its CSeq (RFC 3515 section 2.4.6), which livekit-sip looks at.
  const take = `  <recv request="REFER">
    <action><ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" assign_to="refer${index}"/></action>
  </recv>
  <nop><action><log message="REFER [$refer${index}]"/></action></nop>\n`;
  if (answer.status !== 202) {
    return `${take}${reply(`${answer.status} Refused`)}`;
  }
  const notifies = answer.notify.map((status, n) => {
    const state = status >= 200 ? 'terminated;reason=noresource' : 'active;expires=60';
    return `  <send retrans="500"><![CDATA[

NOTIFY [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch-${n}]
[routes]
From: <sip:caller@[local_ip]:[local_port]>;tag=[pid]caller[call_number]
To: <sip:callee@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: ${10 + index * 10 + n} NOTIFY
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Event: refer;id=[$refer${index}]
Subscription-State: ${state}
Content-Type: message/sipfrag
Content-Length: [len]

SIP/2.0 ${status} Progress

]]></send>
  <recv response="200"/>\n`;
  });
  return `${take}${reply('202 Accepted')}${notifies.join('')}`;
}

/** A response to the last request. */
export function reply(status: string): string {
  return `  <send><![CDATA[

SIP/2.0 ${status}
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
[last_Record-Route:]
Contact: <sip:[local_ip]:[local_port]>
Content-Length: 0

]]></send>\n`;
}

function bye(): string {
  return `  <send retrans="500"><![CDATA[

BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[routes]
From: <sip:caller@[local_ip]:[local_port]>;tag=[pid]caller[call_number]
To: <sip:callee@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 900 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv response="200" next="end"/>\n`;
}

/** The far end may hang up at any time. Where it should not, a test that cannot succeed makes SIPp count the call as failed. */
export function byeAtAnyTime(expected: boolean): string {
  if (expected) return '  <recv request="BYE" optional="global" next="over"/>\n';
  return `  <recv request="BYE" optional="global" next="over">
    <action><ereg regexp="^the caller hangs up first" search_in="msg" check_it="true" assign_to="first"/></action>
  </recv>
  <Reference variables="first"/>
`;
}

function attribute(text: string): string {
  if (/[,"<&[\]\r\n]/.test(text))
    throw new AttendantError(
      'E_SCENARIO_INVALID',
      'the path of an audio file has a character that SIPp cannot take',
    );
  return text;
}
