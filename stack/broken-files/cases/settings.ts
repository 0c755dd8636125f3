import { type Broken, cases, SETTINGS } from '../broken.ts';

export const IN_SETTINGS: readonly Broken[] = cases(
  SETTINGS,
  [
    ['SIP_PORT=5060', 'SIP_PORT=sip'],
    '3: SIP_PORT: "sip" is not valid; write a whole number from 1 to 65535',
  ],
  [
    ['SIP_PORT=5060', 'SIP_PORT=506000'],
    '3: SIP_PORT: "506000" is not valid; write a whole number from 1 to 65535',
  ],
  [
    ['ws://127.0.0.1:7880', '127.0.0.1:7880'],
    '4: LIVEKIT_URL: its value is not valid; write it like ws://127.0.0.1:7880',
  ],
  [
    ['ws://127.0.0.1:7880', 'ftp://127.0.0.1'],
    '4: LIVEKIT_URL: its value is not valid; write it like ws://127.0.0.1:7880',
  ],
  [
    ['default:dev-key', 'dev-key'],
    '5: ATTENDANT_API_KEYS: its value is not valid; write it as org:key,org:key',
  ],
  [
    { more: 'LIVEKIT_API_SECRET=too-short\n' },
    '7: LIVEKIT_API_SECRET: its value is not valid; give it 32 characters or more',
  ],
  [
    { more: 'OPENAI_BASE_URL=api.openai.com\nATTENDANT_LOG_LEVEL=loud\n' },
    '7: OPENAI_BASE_URL: its value is not valid; write it like https://api.example.com/v1',
    '8: ATTENDANT_LOG_LEVEL: "loud" is not valid; use one of trace, debug, info, warn, error, silent',
  ],
  [
    { more: 'ATTENDANT_PRIVATE_NETWORKS=home\n' },
    '7: ATTENDANT_PRIVATE_NETWORKS: "home" is not valid; home is no network: write it as 10.1.0.0/16 or 10.1.2.3',
  ],
  [
    { more: 'ATTENDANT_CHILDREN=1.5\n' },
    '7: ATTENDANT_CHILDREN: "1.5" is not valid; write a whole number from 1 to 256',
  ],
  [
    { more: 'ATTENDANT_HOMME=elsewhere\n' },
    '7: nothing reads ATTENDANT_HOMME; .env.example lists all settings',
  ],
  [{ more: 'OPENAI_API_KEY sk-1234\n' }, '7: the line sets nothing; write it as NAME=value, or # before it'],
  [
    { text: Buffer.from('ATTENDANT_HOME=.\n', 'utf16le') },
    '1: the file is no text: it has a zero byte (is it UTF-16?); save it as UTF-8 text',
  ],
  ['a folder', '1: the file cannot be read: it is a folder; put a file there, or give it another name'],
);
