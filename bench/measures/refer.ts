import { systemClock } from '../../base/clock.ts';
import { ask, greetedCalls } from './conversation.ts';
import type { Bench, Measure } from './measure.ts';

const REFER_WITHIN = 20_000;
const LOOK_EVERY = 200;

/** Transfers: from the last packet of the agent's last sentence until REFER is on the wire. */
export const refer: Measure = async (bench) => {
  for (let n = 0; n < bench.scale.refers; n++) await once(bench, n);
  bench.say(`${bench.samples.of('refer.sent').length} of ${bench.scale.refers} calls transferred`);
};

async function once({ stage, samples, turns, signal }: Bench, n: number): Promise<void> {
  const calls = await greetedCalls(stage, 'refer', 1, [
    { kind: 'refer', answer: { status: 202, notify: [200] } },
  ]);
  try {
    const [line] = calls.all.map((call) => call.line);
    const sentence = turns[n % turns.length];
    if (!line || !sentence) return;
    await ask(line, sentence.audio);
    const end = systemClock.now() + REFER_WITHIN;
    const sent = async () => (await calls.messages())[0]?.find(({ method }) => method === 'REFER');
    let message = await sent();
    while (!message && systemClock.now() < end) {
      await systemClock.sleep(LOOK_EVERY, signal);
      message = await sent();
    }
    samples.add('refer.lost', message ? 0 : 1);
    if (message) samples.add('refer.sent', message.at - line.loudAt);
  } finally {
    await calls.end();
  }
}
