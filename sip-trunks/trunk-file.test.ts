import { expect, test } from 'vitest';
import { printProblem } from '../base/problem.ts';
import { readTrunk } from './trunk-file.ts';

const SAFE = { name: 'a', allowed_addresses: ['10.0.0.0/8'] };

function read(trunk: object, outer: object = {}) {
  const result = readTrunk('a.json', JSON.stringify({ ...outer, trunk }, null, 1), {});
  return 'problems' in result ? result.problems.map(printProblem) : result.trunk;
}

test('a trunk rings for a few seconds unless its file says otherwise, so that the PBX can fail over', () => {
  expect(read(SAFE)).toMatchObject({ direction: 'inbound', info: { ringingTimeout: { seconds: 4n } } });
  expect(read({ ...SAFE, ringing_timeout: '60s' })).toMatchObject({
    info: { ringingTimeout: { seconds: 60n } },
  });
});

test('a trunk with an address is one to call out by', () => {
  expect(read({ name: 'out', address: 'pbx.example', numbers: ['+15550100'] })).toMatchObject({
    direction: 'outbound',
    info: { address: 'pbx.example' },
  });
});

test('a trunk that does not say its name has that of its file', () => {
  expect(read({ allowed_addresses: ['10.0.0.1'] })).toMatchObject({ info: { name: 'a' } });
  expect(read({ address: 'pbx.example' })).toMatchObject({ info: { name: 'a' } });
});

const MEND = 'give it allowed_addresses or auth_username and auth_password, or say "insecure": true';

test.each([
  [{ name: 'a', numbers: ['+15550100'] }, 2],
  [{ name: 'a', allowed_addresses: [], allowed_numbers: ['+15550123'] }, 2],
  [{ name: 'a', allowed_addresses: ['10.0.0.1', '0.0.0.0/0'] }, 4],
  [{ name: 'a', allowedAddresses: ['::/0'] }, 4],
  [{ name: 'a', allowed_addresses: ['0.0.0.0/1', '128.0.0.0/1'] }, 4],
])('a trunk that accepts anyone is refused unless it says insecure: %j', (trunk, line) => {
  expect(read(trunk)).toEqual([
    `a.json:${line}: E_TRUNK_OPEN: the trunk "a" would accept calls from anyone; ${MEND}`,
  ]);
  expect(read({ ...trunk, insecure: true })).toMatchObject({ direction: 'inbound' });
  expect(read({ ...trunk, auth_username: 'pbx', auth_password: 'secret' })).toMatchObject({
    direction: 'inbound',
  });
});

test.each(['pbx.example', '10.0.0.0/33', '10.0.0.1/', '[::1]', '10.0.0.1 ', ''])(
  '%j is no address: LiveKit would ignore it, or compare it with what the caller wrote',
  (address) => {
    const problems = read({ name: 'a', allowed_addresses: ['10.0.0.1', address] });
    expect(problems).toEqual([
      `a.json:6: E_TRUNK_INVALID: "${address}" is no IP address and no CIDR; write an address: LiveKit compares names with the From header, where anyone can write them`,
    ]);
  },
);

test.each([
  [{ ...SAFE, name: 'ST_x' }, 'a name that starts with ST_ reads as an id'],
  [{ ...SAFE, sip_trunk_id: 'ST_x' }, 'LiveKit gives the id'],
  [{ ...SAFE, auth_username: 'pbx' }, 'auth_username and auth_password go together'],
  [{ ...SAFE, numbers: ['+1 555'] }, '"+1 555" is no number'],
  [{ ...SAFE, numbers: ['+1', '+1'] }, '+1 is there twice'],
])('%j is refused', (trunk, what) => {
  expect(read(trunk)).toEqual([expect.stringContaining(what)]);
});
