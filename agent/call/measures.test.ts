import { EventEmitter } from 'node:events';
import type { voice } from '@livekit/agents';
import { expect, it } from 'vitest';
import { FakeClock } from '../../base/fake-clock.ts';
import type { TurnLatency } from '../../threads/measures.ts';
import { Measures } from './measures.ts';

function measured() {
  const clock = new FakeClock();
  const turns: TurnLatency[] = [];
  const measures = new Measures(clock, (latency) => turns.push(latency));
  const modelUsage = [
    {
      type: 'llm_usage',
      provider: 'openai',
      model: 'gpt',
      inputTokens: 900,
      inputCachedTokens: 512,
      outputTokens: 40,
    },
    { type: 'stt_usage', provider: 'openai', model: 'hear', audioDurationMs: 3_200.4 },
    { type: 'tts_usage', provider: 'openai', model: 'speak', charactersCount: 64, audioDurationMs: 4_100 },
    { type: 'eot_usage', provider: 'livekit', model: 'turns', totalRequests: 3 },
  ];
  const session = Object.assign(new EventEmitter(), { usage: { modelUsage } });
  const item = (role: string, metrics: object, interrupted = false) =>
    session.emit('conversation_item_added', { item: { type: 'message', role, metrics, interrupted } });
  const agent = (newState: string) => session.emit('agent_state_changed', { newState });
  const caller = (newState: string) => session.emit('user_state_changed', { newState });
  return {
    clock,
    turns,
    measures,
    item,
    agent,
    caller,
    watch: () => measures.watch(session as unknown as voice.AgentSession),
  };
}

it('an answer to words is told with its parts, in milliseconds; a greeting and what follows a tool answer none', () => {
  const { turns, item, watch } = measured();
  watch();
  item('assistant', { llmNodeTtft: 0.2, ttsNodeTtfb: 0.1 });
  item('user', { transcriptionDelay: 0.25, endOfTurnDelay: 0.5 });
  item('assistant', { llmNodeTtft: 0.3, ttsNodeTtfb: 0.12, e2eLatency: 1.034 });
  item('assistant', { llmNodeTtft: 0.3 });
  expect(turns).toEqual([{ transcription: 250, end_of_turn: 500, model: 300, voice: 120, total: 1_034 }]);
});

it('who talked how long is counted to the end, silence where neither did', async () => {
  const { clock, measures, agent, caller, item, watch } = measured();
  watch();
  await clock.advance(1_000);
  agent('speaking');
  await clock.advance(3_000);
  caller('speaking');
  await clock.advance(500);
  agent('listening');
  item('assistant', {}, true);
  await clock.advance(1_500);
  caller('listening');
  await clock.advance(2_000);
  agent('speaking');
  await clock.advance(400);
  measures.gap(80.4);
  measures.gap(40);
  expect(measures.result()).toEqual({
    talk: { agent: 3_900, caller: 2_000, silence: 3_000 },
    interruptions: 1,
    gaps: { count: 2, total: 120 },
    models: [
      { part: 'llm', model: 'gpt', input_tokens: 900, cached_tokens: 512, output_tokens: 40 },
      { part: 'stt', model: 'hear', audio: 3_200 },
      { part: 'tts', model: 'speak', characters: 64, audio: 4_100 },
    ],
  });
});

it('a call whose conversation never began has no measures', () => {
  expect(measured().measures.result()).toBeUndefined();
});
