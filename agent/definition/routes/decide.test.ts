import { describe, expect, it } from 'vitest';
import { decide, type CallFacts } from './decide.ts';
import { routes } from './schema.ts';

const OFFICE = routes.parse({
  time_zone: 'Europe/Berlin',
  holidays: ['12-25', '2026-11-26'],
  hours: { office: ['mon-fri 08:00-18:00', 'sat 10:00-14:00'] },
  rules: [
    { name: 'nuisance', when: { caller: ['+1900*', 'anonymous'] }, refuse: true },
    { name: 'vip', when: { headers: { 'X-Tier': ['gold', 'platinum'] } }, agent: 'vip-desk' },
    {
      name: 'campaign',
      when: { dialed: '+49 30 1234-5*', vars: { campaign: 'spring?' } },
      agent: 'campaigns',
    },
    { name: 'by-night', when: { time: '22:00-06:00', trunk: 'ST_emergency' }, transfer: 'on-duty' },
    { name: 'holiday', when: { holiday: true }, agent: 'holiday-line' },
    { name: 'sales', when: { dialed: '+49309', open: 'office', weekdays: ['mon-wed'] }, transfer: 'sales' },
    { name: 'voicemail', when: { closed: 'office' }, agent: 'voicemail' },
  ],
});

/** Wednesday, 25 November 2026, ten o'clock in Berlin. */
const CALL: CallFacts = {
  caller: '+4930555',
  dialed: '+49301',
  trunk: 'ST_main',
  headers: {},
  vars: {},
  at: Date.parse('2026-11-25T09:00:00Z'),
};
const on = (more: Partial<CallFacts>) => decide(OFFICE, { ...CALL, ...more }).rule?.name;
const time = (text: string) => ({ at: Date.parse(text) });

describe('the rules of an agent', () => {
  it.for([
    [{}, undefined],
    [{ caller: '+19001234' }, 'nuisance'],
    [{ caller: '+1 (900) 12-34' }, 'nuisance'],
    [{ caller: '' }, 'nuisance'],
    [{ caller: 'Restricted' }, 'nuisance'],
    [{ headers: { 'x-tier': 'Gold' } }, 'vip'],
    [{ headers: { 'x-tier': 'platinum' } }, 'vip'],
    [{ headers: { 'x-tier': 'golden' } }, undefined],
    [{ headers: { 'x-tier': '' } }, undefined],
    // The first that fits decides.
    [{ headers: { 'x-tier': 'gold' }, caller: '+19001' }, 'nuisance'],
    [{ dialed: '+4930123456', vars: { campaign: 'spring1' } }, 'campaign'],
    [{ dialed: '+4930123456', vars: { campaign: 'autumn' } }, undefined],
    [{ dialed: '+4930123456' }, undefined],
    [{ dialed: '+4930124', vars: { campaign: 'spring1' } }, undefined],
    [{ trunk: 'ST_emergency', ...time('2026-11-25T21:30:00Z') }, 'by-night'],
    [{ trunk: 'ST_main', ...time('2026-11-25T21:30:00Z') }, 'voicemail'],
    [time('2026-11-26T10:00:00Z'), 'holiday'],
    [time('2030-12-25T10:00:00Z'), 'holiday'],
    // Midnight of the holiday is Berlin's.
    [time('2026-11-25T22:59:00Z'), 'voicemail'],
    [time('2026-11-25T23:01:00Z'), 'holiday'],
    [{ dialed: '+49309' }, 'sales'],
    [{ dialed: '+49309', ...time('2026-11-27T09:00:00Z') }, undefined],
    [{ dialed: '+49309', ...time('2026-11-25T17:00:00Z') }, 'voicemail'],
    [time('2026-11-28T09:30:00Z'), undefined],
    [time('2026-11-28T13:00:00Z'), 'voicemail'],
    [time('2026-11-29T10:00:00Z'), 'voicemail'],
  ] as const)('%o: %s', ([more, rule]) => {
    expect(on(more)).toBe(rule);
  });

  it('say of each that was asked why it does not fit', () => {
    const { looked } = decide(OFFICE, {
      ...CALL,
      headers: { 'x-tier': 'silver' },
      ...time('2026-11-25T18:30:00Z'),
    });
    expect(looked.map(({ rule, because }) => `${rule}: ${because}`)).toEqual([
      'nuisance: caller "+4930555" is none of +1900*, anonymous',
      'vip: header X-Tier is "silver", none of gold, platinum',
      'campaign: dialed "+49301" is none of +49 30 1234-5*',
      'by-night: trunk "ST_main" is none of ST_emergency',
      'holiday: 2026-11-25 is no holiday',
      'sales: dialed "+49301" is none of +49309',
      'voicemail: all of it holds',
    ]);
  });

  it('are none where there are none', () => {
    expect(decide(routes.parse({}), CALL)).toEqual({ rule: undefined, looked: [] });
  });

  it('take names of things that every object has for missing', () => {
    const odd = routes.parse({
      rules: [{ name: 'odd', when: { headers: { constructor: '*' } }, refuse: true }],
    });
    expect(decide(odd, CALL).rule).toBeUndefined();
  });
});
