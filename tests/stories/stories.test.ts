import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { sharedStack } from '../stack/stack.ts';

/** The stories of the shipped call center, played by a real telephone on the whole stack. */
describe('the agent of Acme Corp', () => {
  it.each([
    ['tells an identified caller where the order is and ends the call', 'order-status'],
    ['transfers a caller who was charged twice to billing, where a person answers', 'double-charge'],
    ['collects again after wrong digits, and starts over at star', 'wrong-digits'],
  ])('%s', async (_promise, name) => {
    const { config, ports } = sharedStack();
    const lines: string[] = [];
    const result = await rehearse({
      file: join(config.root, 'rehearsal', 'scenarios', `${name}.yaml`),
      config,
      target: { host: '127.0.0.1', port: ports.sip },
      show: (line) => lines.push(line),
      patience: 4,
      signal: AbortSignal.timeout(280_000),
    });
    expect(result.failures, lines.join('\n')).toEqual([]);
    expect(result.threadId).toMatch(/^thr_/);
  });
});
