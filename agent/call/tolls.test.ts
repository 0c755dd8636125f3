import { expect, test } from 'vitest';
import { FakeClock } from '../../base/fake-clock.ts';
import { createLog } from '../../base/log.ts';
import type { DialingLimits } from '../../threads/dialing.ts';
import type { Entry } from '../../threads/entry.ts';
import { someStart } from '../../threads/thread.fixture.ts';
import { parseDefinition } from '../definition/load.ts';
import type { Exchange } from './exchange.ts';
import { tollsOf } from './tolls.ts';

const { definition } = parseDefinition(
  'desk.yaml',
  'name: desk\ngreeting: { kind: none }\ninstructions: Help.\n',
);

/** A call whose Redis says so. */
function call(limits: DialingLimits, answer: () => Promise<'taken' | keyof DialingLimits>) {
  if (!definition) throw new Error('the definition is not right');
  const clock = new FakeClock();
  const asked: string[] = [];
  const dialing: Exchange['dialing'] = {
    take: (_id, { caller, to, trunk }) => {
      asked.push(`take ${caller} ${to} ${trunk ?? ''}`.trim());
      return answer();
    },
    hold: (_organization, trunk) => Promise.resolve(void asked.push(`hold ${trunk}`)),
    over: (_organization, trunk) => Promise.resolve(void asked.push(`over ${trunk}`)),
  };
  const entries: Entry[] = [];
  const start = someStart();
  const tolls = tollsOf(
    {
      start: { ...start, caller: { ...start.caller, number: '+15550123' } },
      definition: { limits: { ...definition.limits, dialing: limits } },
      thread: { append: (entry) => void entries.push(entry) },
    },
    { dialing, clock, log: createLog('test', 'silent') },
  );
  return {
    tolls,
    clock,
    asked,
    warned: () => entries.map((entry) => 'code' in entry && `${entry.code} ${entry.detail}`),
  };
}

test('an emergency number is refused whatever the limits, and nobody is asked', async () => {
  const { tolls, asked, warned } = call({}, () => Promise.resolve('taken'));
  expect(await tolls.charge('sip:112@pbx.example.com')).toEqual({ refusal: 'emergency_number' });
  expect(asked).toEqual([]);
  expect(warned()).toEqual(['E_EMERGENCY_NUMBER emergency_number']);
});

test('what is beyond a limit is refused, and the thread says by which', async () => {
  const { tolls, asked, warned } = call({ per_caller: 1 }, () => Promise.resolve('per_caller'));
  expect(await tolls.charge('sip:a@b')).toEqual({ refusal: 'limit_per_caller' });
  expect(asked).toEqual(['take +15550123 sip:a@b']);
  expect(warned()).toEqual(['E_DIAL_LIMIT limit_per_caller']);
});

test('a call over a trunk is held until it is over, and told once', async () => {
  const { tolls, clock, asked } = call({ per_trunk: 1 }, () => Promise.resolve('taken'));
  const charge = await tolls.charge('tel:+15550199', 'provider');
  await clock.advance(45_000);
  expect(asked).toEqual(['take +15550123 tel:+15550199 provider', 'hold provider', 'hold provider']);
  if (charge.refusal !== undefined) throw new Error('refused');
  charge.hungUp();
  charge.hungUp();
  await clock.advance(60_000);
  expect(asked.slice(3)).toEqual(['over provider']);
});

test('without Redis an agent with limits dials nothing, and one without as ever', async () => {
  const away = () => Promise.reject(new Error('away'));
  const limited = call({ per_hour: 5 }, away);
  expect(await limited.tolls.charge('sip:a@b')).toEqual({ refusal: 'limit_unknown' });
  const free = call({}, away);
  expect((await free.tolls.charge('tel:+15550199', 'provider')).refusal).toBeUndefined();
  expect((await free.tolls.charge('sip:a@b')).refusal).toBeUndefined();
  expect(free.asked, 'what goes over no trunk is not counted').toHaveLength(1);
  const hangs = call({ per_hour: 5 }, () => new Promise(() => undefined));
  const asked = hangs.tolls.charge('sip:a@b');
  await hangs.clock.advance(2_000);
  expect(await asked).toEqual({ refusal: 'limit_unknown' });
});
