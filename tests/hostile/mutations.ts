import { random } from '../../base/random.fixture.ts';

type Below = (below: number) => number;

/** Numbers at which counters and lengths break. */
const NUMBERS = [
  '-1',
  '0',
  '4294967296',
  '18446744073709551616',
  '1e9',
  '0x10',
  '99999999999999999999999999',
  'NaN',
  '',
];
/** What breaks parsers, logs and terminals. */
const PIECES = [
  ...[
    '\0',
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    '\x1b[2J',
    '\x7f',
    '\xff\xfe',
    '\xc0\xaf',
    '%00',
    '%0d%0a',
    '\u202e',
  ],
  ...[
    '"',
    '\\',
    '<',
    '>',
    ';',
    ';;;;',
    ',',
    '@',
    ':',
    '::',
    '[',
    ']',
    '[::1',
    '{{uid}}',
    '${x}',
    '%s%n',
    '../../',
    "' OR 1=1",
  ],
];
const SDP_LINES = [
  ...[
    'm=audio 0 RTP/AVP 0',
    'm=audio 65536 RTP/AVP 0',
    'm=audio -1 RTP/AVP',
    'm=',
    'm=audio 9 RTP/AVP 999',
    'm=video 9 RTP/AVP 31',
  ],
  ...[
    'c=IN IP4 0.0.0.0',
    'c=IN IP4 224.0.0.1/127',
    'c=IN IP6 ::1',
    'c=IN IP4 999.1.1.1',
    'c=',
    'a=rtpmap:0',
    'a=rtpmap:-1 X/0/0',
  ],
  ...[
    'a=rtpmap:0 PCMU/0',
    'a=fmtp:101 0-999999',
    'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA',
    'a=ptime:0',
    'a=ptime:-20',
  ],
  ...[
    'a=sendonly',
    'a=inactive',
    'b=AS:-1',
    't=-1 99999999999999999999',
    'o=- 99999999999999999999999 1 IN IP4 x',
    'v=1',
    'z=',
  ],
];

/** One thing done to a message. */
type Mutation = (lines: string[], below: Below) => void;

const anywhere = (text: string, below: Below) => below(text.length + 1);

const MUTATIONS: readonly Mutation[] = [
  // A byte is another one.
  (lines, below) =>
    edit(lines, below, (line) => put(line, anywhere(line, below), String.fromCharCode(below(256)), 1)),
  // Something stands where it should not.
  (lines, below) => edit(lines, below, (line) => put(line, anywhere(line, below), one(PIECES, below), 0)),
  // A line is missing, comes twice, or stands elsewhere.
  (lines, below) => void lines.splice(below(lines.length), 1),
  (lines, below) => void lines.splice(below(lines.length), 0, one(lines, below)),
  (lines, below) => void lines.splice(below(lines.length), 0, ...lines.splice(below(lines.length), 1)),
  // A number is another one.
  (lines, below) => edit(lines, below, (line) => line.replace(/\d+/, one(NUMBERS, below))),
  // Something is very long, or there is very much of it.
  (lines, below) =>
    edit(lines, below, (line) =>
      put(line, anywhere(line, below), one(PIECES, below).repeat(1 + below(2_000)), 0),
    ),
  (lines, below) => void lines.splice(1, 0, ...Array.from({ length: below(300) }, (_, n) => `X-${n}: ${n}`)),
  // The session description is nonsense.
  (lines, below) => void lines.splice(lines.length - below(6), 0, one(SDP_LINES, below)),
  (lines, below) => edit(lines, below, (line) => (/^[a-z]=/.test(line) ? one(SDP_LINES, below) : line)),
  // It breaks off.
  (lines, below) => void lines.splice(1 + below(lines.length)),
  // A header's name is in another case, folded, or none.
  (lines, below) =>
    edit(lines, below, (line) =>
      line.replace(/^[\w-]+/, (name) => one([name.toUpperCase(), ` ${name}`, `${name} `, ''], below)),
    ),
  (lines, below) =>
    edit(lines, below, (line) => line.replace(': ', one([':\r\n ', ' : ', ':', ': \t'], below))),
];

/** The same mutations again for a seed. */
export function mutating(seed: number): (message: string) => Buffer {
  const below = random(seed);
  return (message) => {
    const lines = message.split('\r\n');
    for (let times = 1 + below(4); times > 0; times--) one(MUTATIONS, below)(lines, below);
    return Buffer.from(lines.join('\r\n'), 'latin1');
  };
}

function edit(lines: string[], below: Below, change: (line: string) => string): void {
  const at = below(lines.length);
  lines[at] = change(lines[at] ?? '');
}

function put(line: string, at: number, piece: string, instead: number): string {
  return line.slice(0, at) + piece + line.slice(at + instead);
}

function one<T>(all: readonly T[], below: Below): T {
  const chosen = all[below(all.length)];
  if (chosen === undefined) throw new Error('there is nothing to choose from');
  return chosen;
}
