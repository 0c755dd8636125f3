import { describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { createLog } from '../../base/log.ts';
import { readConfig } from '../../config.ts';
import { parsePrices } from '../../prices/price-file.ts';
import type { Entry, ThreadStart, ThreadWriter } from '../../threads/entry.ts';
import { someStart } from '../../threads/thread.fixture.ts';
import { parseDefinition } from '../definition/load.ts';
import { closing } from './closing.ts';
import { TrunkNames } from './trunk-names.ts';

const PRICES = parsePrices(
  'prices.yaml',
  `currency: USD
models:
  gpt-4.1-mini: { input_per_million: 1, output_per_million: 2 }
  ears: { audio_per_minute: 6 }
trunks:
  main: { per_minute: 0.6 }
`,
).prices;
const AGENT = `name: desk
greeting: { kind: none }
instructions: Help.
`;
const definitionOf = (more = '') => {
  const { definition, problems } = parseDefinition('desk.yaml', AGENT + more);
  if (!definition) throw new Error(JSON.stringify(problems));
  return definition;
};
const ANALYZED = definitionOf('analysis: { language: German }\n');
const SAID: Entry = { kind: 'message', message: { role: 'user', content: 'Hello.', created_at: '' } };
const MEASURED: Entry = {
  kind: 'measured',
  measures: {
    talk: { agent: 0, caller: 0, silence: 0 },
    interruptions: 0,
    gaps: { count: 0, total: 0 },
    models: [
      { part: 'llm', model: 'gpt-4.1-mini', input_tokens: 100, cached_tokens: 0, output_tokens: 10 },
      { part: 'stt', model: 'ears', audio: 1_000 },
    ],
  },
  at: '',
};
const ANSWERED: Entry = { kind: 'answered', at: '2026-01-01T00:00:00.000Z' };
const ENDED: Entry = {
  kind: 'ended',
  end_reason: { result: 'completed', reason: 'end_dialog' },
  at: '2026-01-01T00:00:10.000Z',
};

/** The last entry of a thread that these were appended to. */
async function lastOf(
  entries: readonly Entry[],
  {
    definition = definitionOf(),
    prices = PRICES,
    env = { OPENAI_API_KEY: 'key' },
    trunk = 'ST_1',
  }: {
    definition?: ReturnType<typeof definitionOf> | undefined;
    prices?: typeof PRICES | null;
    env?: Record<string, string>;
    trunk?: string;
  } = {},
) {
  const written: Entry[] = [];
  const some = someStart();
  const start: ThreadStart = { ...some, caller: { ...some.caller, trunk } };
  const thread: ThreadWriter = {
    start,
    append: (entry) => void written.push(entry),
    flushed: () => Promise.resolve(),
    close: () => undefined,
  };
  let asked = 0;
  const list = () => Promise.resolve([{ sipTrunkId: 'ST_1', name: 'main' }]);
  const livekit = { sip: { inboundTrunks: { list } } } as unknown as ConstructorParameters<
    typeof TrunkNames
  >[0]['livekit'];
  const trunks = new TrunkNames({ livekit, clock: systemClock, log: createLog('test', 'silent') });
  const closed = closing(thread, definition, {
    models: readConfig(env, '/nonexistent').models,
    prices: { current: () => prices ?? undefined },
    trunks,
    onAsked: () => {
      asked += 1;
    },
  });
  await trunks.look(trunk);
  entries.forEach((entry) => closed.append(entry));
  await closed.flushed(AbortSignal.timeout(5_000));
  return { last: written.at(-1), asked, written };
}

describe('the end of a thread', () => {
  it('says what the call came to, by part', async () => {
    const { last, written } = await lastOf([ANSWERED, MEASURED, ENDED]);
    expect(written).toHaveLength(3);
    expect(last).toEqual({
      ...ENDED,
      cost: {
        currency: 'USD',
        total: '0.200120',
        parts: [
          { part: 'llm', name: 'gpt-4.1-mini', amount: '0.000120' },
          { part: 'stt', name: 'ears', amount: '0.100000' },
          { part: 'telephony', name: 'main', amount: '0.100000' },
        ],
        prices: PRICES?.version,
      },
    });
  });

  it('counts nothing for the keyless servers, nor for a line that was never answered', async () => {
    const { last } = await lastOf([MEASURED, ENDED], { env: { LLM_API_KEY: 'key' } });
    expect(last).toMatchObject({ cost: { parts: [{ part: 'llm', amount: '0.000120' }] } });
  });

  it('has no cost without a price file', async () => {
    expect((await lastOf([ANSWERED, MEASURED, ENDED], { prices: null })).last).toEqual(ENDED);
  });

  it('says what a model is to be asked, where the definition wants it and the caller did anything', async () => {
    const { last, asked } = await lastOf([SAID, ENDED], { definition: ANALYZED });
    expect(last).toMatchObject({
      kind: 'ended',
      analysis: {
        model: 'gpt-4.1-mini',
        language: 'German',
        timeout: 30,
        price: { input_per_million: '1', output_per_million: '2' },
      },
    });
    expect(asked).toBe(1);
    for (const [entries, definition] of [
      [[ENDED], ANALYZED],
      [[SAID, ENDED], definitionOf()],
      [[SAID, ENDED], definitionOf('analysis: { enabled: false }\n')],
    ] as const) {
      const none = await lastOf(entries, { definition });
      expect(none.last).not.toHaveProperty('analysis');
      expect(none.asked).toBe(0);
    }
    const digits = { digits: '12', terminator: null, ended_by: 'count' } as const;
    const typed = await lastOf([{ kind: 'digits', collection: digits, at: '' }, ENDED], {
      definition: ANALYZED,
    });
    expect(typed.asked).toBe(1);
  });

  it('names the model that calls have, unless the section names one', async () => {
    const modelOf = async (more: string, env: Record<string, string> = {}) => {
      const { last } = await lastOf([SAID, ENDED], { definition: definitionOf(more), env });
      return last?.kind === 'ended' ? last.analysis?.model : undefined;
    };
    const models = 'models: { llm: { model: of-calls } }\n';
    expect(await modelOf(`${models}analysis: {}\n`)).toBe('of-calls');
    expect(await modelOf(`${models}analysis: {}\n`, { LLM_MODEL: 'of-env' })).toBe('of-env');
    expect(await modelOf(`${models}analysis: { model: own }\n`, { LLM_MODEL: 'of-env' })).toBe('own');
  });

  it('asks where the chat model of the calls is', async () => {
    const askOf = async (text: string) => {
      const { last } = await lastOf([SAID, ENDED], {
        definition: definitionOf(text),
        env: { LLM_MODEL: 'of-env' },
      });
      return last?.kind === 'ended' ? last.analysis : undefined;
    };
    const calls = 'models: { llm: { model: of-calls, base_url_env: A_URL, api_key_env: A_KEY } }\n';
    expect(await askOf(`${calls}analysis: {}\n`)).toMatchObject({
      model: 'of-calls',
      base_url_env: 'A_URL',
      api_key_env: 'A_KEY',
    });
    const elsewhere = await askOf(`${calls}analysis: { base_url_env: B_URL }\n`);
    expect(elsewhere).toMatchObject({ base_url_env: 'B_URL' });
    expect(elsewhere).not.toHaveProperty('api_key_env');
  });
});
