import { systemClock } from '../../base/clock.ts';
import { Calls } from '../phone/calls.ts';
import { greetingIn } from '../phone/heard.ts';
import type { Line } from '../phone/line.ts';
import { settled } from '../subjects.ts';
import type { Bench, Measure } from './measure.ts';

/** What is heard behind the first packet of the greeting, to tell which part of it that was. Milliseconds. */
const BEHIND = 100;

/** Callers who call at the same moment: when each is answered, and hears the first packet of the greeting. */
export const burst: Measure = async (bench) => {
  for (const [callers, times] of bench.scale.bursts) {
    for (let time = 1; time <= times; time++) {
      const last = await once(bench, callers);
      bench.say(`burst of ${callers} (${time} of ${times}): the last greeting after ${last} ms`);
      await settled(bench.worker, bench.signal);
    }
  }
};

/** Gives when the last of them heard something. */
async function once({ stage, scale, samples }: Bench, callers: number): Promise<number> {
  const calls = await Calls.place(stage, 'burst', callers);
  try {
    const heard = await Promise.all(calls.all.map(({ line }) => greeting(line, scale.patience)));
    const messages = await calls.messages();
    const waits = heard.map((greeting, n) => {
      const invite = messages[n]?.find(({ method }) => method === 'INVITE')?.at ?? NaN;
      const ok = messages[n]?.find(({ status }) => status === 200)?.at;
      // Who is never answered has waited this long at least.
      samples.add(`burst.${callers}.answer`, ok === undefined ? scale.patience : ok - invite);
      samples.add(`burst.${callers}.unanswered`, greeting ? 0 : 1);
      if (greeting) samples.add(`burst.${callers}.clipped`, greeting.clipped);
      const wait = greeting ? greeting.at - invite : scale.patience;
      samples.add(`burst.${callers}.greeting`, wait);
      return wait;
    });
    samples.add(`burst.${callers}.last`, Math.max(...waits));
    return Math.max(...waits);
  } finally {
    await calls.end();
  }
}

async function greeting(line: Line, within: number): Promise<ReturnType<typeof greetingIn>> {
  if ((await line.heardAfter(0, within)) === undefined) return undefined;
  await systemClock.sleep(BEHIND);
  return greetingIn(line.packets);
}
