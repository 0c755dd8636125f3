import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ChatAnswer, ChatRequest } from '../../doubles/model-server.ts';
import { until } from '../../until.ts';
import type { Switchboard } from '../switchboard.ts';

const FOUND = {
  summary: 'The caller typed an account number.',
  sentiment: 'neutral',
  follow_ups: ['Send the invoice.'],
  fields: { topic: 'invoice' },
};
const PRICES = `currency: EUR
models:
  gpt-4.1-mini: { input_per_million: 1, output_per_million: 2 }
  analyst: { input_per_million: 10, output_per_million: 20 }
  gpt-4o-mini-transcribe: { audio_per_minute: 0.003 }
trunks:
  local-names: { per_minute: 6 }
`;

const asked: ChatRequest[] = [];
let mayAnswer: Promise<void> = Promise.resolve();

/** The model that reads calls after their end: it takes until the test has seen what is so meanwhile. */
export async function analyst(request: ChatRequest): Promise<ChatAnswer> {
  asked.push(request);
  await mayAnswer;
  return { say: JSON.stringify(FOUND) };
}

export function afterwards(board: () => Switchboard): void {
  it('is analyzed, has cost what the price file says, and is counted', async () => {
    const { home, apiKeys } = board().stack.config;
    const headers = { 'api-key': apiKeys[0]?.key ?? '' };
    const api = (path: string) => fetch(`${board().apiUrl}${path}`, { headers });
    const callsSoFar = async () => (await usageOf(await api('/usage?by=agent')))?.calls ?? 0;
    const before = { calls: await callsSoFar(), asked: asked.length };
    let letAnswer: () => void = () => undefined;
    mayAnswer = new Promise<void>((resolve) => (letAnswer = resolve));
    // The workers run already: an edit holds from now on, and is never half there.
    writeFileSync(join(home, 'prices.new'), PRICES);
    renameSync(join(home, 'prices.new'), join(home, 'prices.yaml'));
    const call = await board().call({
      agent: 'analyzed',
      turns: [
        { say: 'Your account number, please.', call: [{ name: 'receive_dtmf', args: { digits: 4 } }] },
        { say: 'Goodbye.', call: [{ name: 'end_dialog', args: { reason: 'resolved' } }] },
      ],
      steps: [{ kind: 'cue' }, { kind: 'press', digits: '4711' }, { kind: 'until_bye' }],
    });
    await call.threadWith('has the call', ({ history }) => history.length === 2);
    await call.cue();
    const over = await call.ended();
    // The end waited for nobody.
    expect(over.analysis).toEqual({ status: 'pending' });
    expect(over.cost?.parts.map(({ part }) => part)).not.toContain('analysis');
    const told = api(`/threads/${over.id}/events`).then((response) => response.text());
    await until('the model is asked', () => Promise.resolve(asked.length > before.asked));
    letAnswer();

    const { analysis, cost, metrics, history } = await call.threadWith(
      'is analyzed',
      (thread) => thread.analysis?.status !== 'pending',
    );
    expect(analysis).toEqual({
      status: 'done',
      model: 'analyst',
      at: expect.any(String) as string,
      ...FOUND,
    });
    // One who follows the call is told to the end, and that is the analysis.
    const events = [...(await told).matchAll(/^event: (\w+)$/gm)].map(([, kind]) => kind);
    expect(events.slice(-2)).toEqual(['ended', 'analysis']);
    // The digits were sensitive: no model reads them afterwards.
    const question = asked.at(-1);
    const read = JSON.stringify(question?.messages);
    expect(read).toContain('Your account number, please.');
    expect(read).not.toContain('4711');
    expect(JSON.stringify(history)).not.toContain('4711');
    expect(question?.tools).toBeUndefined();

    const used = metrics.models ?? [];
    expect(used.map(({ part, model }) => [part, model])).toEqual(
      expect.arrayContaining([
        ['llm', 'gpt-4.1-mini'],
        ['tts', 'gpt-4o-mini-tts'],
        ['analysis', 'analyst'],
      ]),
    );
    const amounts = new Map(cost?.parts.map(({ part, name, amount }) => [`${part} ${name}`, amount]));
    // Two answers of a thousand tokens to read and fifty to write, and one more.
    expect(amounts.get('llm gpt-4.1-mini')).toBe('0.002200');
    expect(amounts.get('analysis analyst')).toBe('0.011000');
    expect(amounts.get('tts gpt-4o-mini-tts')).toBeNull();
    const seconds = Math.ceil((Date.parse(over.ended_at ?? '') - Date.parse(over.answered_at ?? '')) / 1_000);
    expect(amounts.get('telephony local-names')).toBe((seconds / 10).toFixed(6));
    expect(cost).toMatchObject({ currency: 'EUR', prices: over.cost?.prices });

    const counted = await usageOf(await api('/usage?by=agent'));
    expect(counted?.calls).toBe(before.calls + 1);
    if (before.calls === 0)
      expect(counted).toMatchObject({
        tokens: { input: 3_000, cached: 0, output: 150 },
        cost: { EUR: cost?.total },
      });
  });
}

interface Row {
  readonly agent: string;
  readonly calls: number;
}

/** What the calls of this agent used. */
async function usageOf(response: Response): Promise<Row | undefined> {
  const { rows } = (await response.json()) as { rows: readonly Row[] };
  return rows.find(({ agent }) => agent === 'analyzed');
}
