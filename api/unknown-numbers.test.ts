import { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { leftRinging, refusingUnknownNumbers } from './unknown-numbers.ts';

const trunk = (info: object) => new SIPInboundTrunkInfo({ name: 'a', numbers: ['+15550100'], ...info });
const NOBODY = { trunks: [], rules: [] };
const made = (...trunks: SIPInboundTrunkInfo[]) =>
  refusingUnknownNumbers({ trunks, patterns: [], foreign: NOBODY })?.trunk.info;

describe('what refuses unknown numbers', () => {
  it('is for the addresses of all trunks, each once, and of those that numbers are taken after', () => {
    const here = trunk({ allowedAddresses: ['192.0.2.2', '192.0.2.1'] });
    const there = trunk({ allowedAddresses: ['192.0.2.1'], authUsername: 'u', authPassword: 'p' });
    const pattern = trunk({ numbers: [], allowedAddresses: ['198.51.100.0/24'] });
    const both = refusingUnknownNumbers({ trunks: [here, there], patterns: [pattern], foreign: NOBODY });
    expect(both?.trunk.info).toMatchObject({
      numbers: [],
      allowedAddresses: ['192.0.2.1', '192.0.2.2', '198.51.100.0/24'],
      authUsername: '',
    });
    expect(both?.rule.info.roomConfig).toBeUndefined();
    expect(
      refusingUnknownNumbers({ trunks: [], patterns: [pattern], foreign: NOBODY })?.trunk.info,
    ).toMatchObject({ allowedAddresses: ['198.51.100.0/24'] });
  });

  it('asks for the credentials of a trunk that takes calls from anywhere', () => {
    const carrier = trunk({ authUsername: 'u', authPassword: 'p' });
    expect(made(trunk({ allowedAddresses: ['192.0.2.1'] }), carrier)).toMatchObject({
      allowedAddresses: ['0.0.0.0/0', '::/0'],
      authUsername: 'u',
      authPassword: 'p',
    });
    expect(made(trunk({}))).toMatchObject({ allowedAddresses: ['0.0.0.0/0', '::/0'], authUsername: '' });
  });

  it('is not there where nothing is provisioned, or a trunk takes every number, or a rule of others any call', () => {
    const ours = trunk({ allowedAddresses: ['192.0.2.1'] });
    expect(made()).toBeUndefined();
    expect(made(ours, trunk({ numbers: [] }))).toBeUndefined();
    const beside = (foreign: object) =>
      refusingUnknownNumbers({ trunks: [ours], patterns: [], foreign: { ...NOBODY, ...foreign } });
    expect(beside({ trunks: [trunk({ numbers: [] })] })).toBeUndefined();
    expect(beside({ rules: [new SIPDispatchRuleInfo()] })).toBeUndefined();
    const elsewhere = new SIPDispatchRuleInfo({ trunkIds: ['ST_x'] });
    expect(beside({ trunks: [trunk({})], rules: [elsewhere] })).toBeDefined();
  });
});

describe('callers who are left ringing', () => {
  const pool = [{ number: '+15550111', region: undefined, trunk: 'pattern', organizations: undefined }];
  const among = (...trunks: SIPInboundTrunkInfo[]) =>
    leftRinging({ inbound: trunks.map((info) => ({ file: '', mark: '', info })), pool });
  const open = (allowedAddresses: string[]) => trunk({ name: 'open', numbers: [], allowedAddresses });

  it.each([
    [['192.0.2.1'], ['192.0.2.1/32'], undefined],
    [['192.0.2.1'], ['192.0.2.2'], { names: ['a'], open: 'open' }],
    [[], ['192.0.2.1'], { names: ['a'], open: 'open' }],
    [['192.0.2.1'], [], undefined],
  ])('those of %j beside a trunk for every number from %j', (allowedAddresses, everyNumber, told) => {
    expect(among(trunk({ allowedAddresses }), open(everyNumber))).toEqual(told);
  });

  it('are none beside a trunk that numbers are taken after', () => {
    expect(among(trunk({}), trunk({ name: 'pattern', numbers: [] }))).toBeUndefined();
  });
});
