import { expect, test } from 'vitest';
import { parseDefinition } from './load.ts';
import { overridden } from './overrides.ts';

const RIGHT = `name: speaker
greeting: { kind: fixed, text: Hello. }
instructions: Help the caller.
language: de
models:
  realtime:
    model: gpt-realtime
    voice: cedar
  tts: { voice: ash }
tools:
  receive_dtmf:
    sensitive: true
    confirm: true
    to_model: plain
`;

const problems = (text: string) =>
  parseDefinition('speaker.yaml', text).problems.map(({ line, what, mend }) => `${line}: ${what} → ${mend}`);
const wrong = (what: string, by: string) => {
  const text = RIGHT.replace(what, () => by);
  expect(text).not.toBe(RIGHT);
  return problems(text);
};

test('a realtime model goes with a voice for fixed sentences', () => {
  expect(problems(RIGHT)).toEqual([]);
  expect(parseDefinition('speaker.yaml', RIGHT).definition?.models.realtime).toEqual({
    model: 'gpt-realtime',
    voice: 'cedar',
    transcription: 'gpt-4o-mini-transcribe',
    timeout: 3,
    parameters: {},
  });
});

test('models that nobody asks beside it are refused', () => {
  expect(wrong('  tts:', '  stt: { model: whisper-1 }\n  tts:')).toEqual([
    '9: models.stt: beside models.realtime nobody asks it → take it out: models.realtime hears by itself; language says what callers speak, models.realtime.transcription who writes it down',
  ]);
  expect(wrong('  tts:', '  llm: { model: gpt-4.1 }\n  tts:')).toEqual([
    '9: models.llm: beside models.realtime nobody asks it → take it out: models.realtime replies by itself',
  ]);
});

test('a chat model for the analysis may be named, without what is for replies', () => {
  const analyzed = `${RIGHT}analysis: {}\n`;
  const text = analyzed.replace('  tts:', '  llm: { model: gpt-4.1, base_url_env: SECOND_BASE_URL }\n  tts:');
  expect(problems(text)).toEqual([]);
  expect(problems(text.replace('model: gpt-4.1,', 'model: gpt-4.1, temperature: 1,'))).toEqual([
    '9: models.llm.temperature: beside models.realtime nobody asks it → take it out: the analysis has its own, and models.realtime replies',
  ]);
});

test('numbers that must not reach the model are refused: it hears what is spoken', () => {
  expect(wrong('to_model: plain', 'to_model: masked')).toEqual([
    '14: receive_dtmf: to_model: masked beside models.realtime: numbers that are spoken reach the model as sound → set to_model: plain, or use models.llm, stt and tts in place of models.realtime',
  ]);
});

test.each([
  ['temperature: 0.5', '9: unknown key models.realtime.temperature'],
  ['timeout: 0', '9: models.realtime.timeout'],
  ['parameters: { max_output_tokens: 0 }', '9: models.realtime.parameters.max_output_tokens'],
])('%s is refused', (field, told) => {
  expect(wrong('    voice: cedar', `    voice: cedar\n    ${field}`)).toEqual([
    expect.stringContaining(told),
  ]);
});

test('a single call may have another voice, but no realtime model that its agent has not', () => {
  const { definition } = parseDefinition('speaker.yaml', RIGHT);
  const without = parseDefinition('speaker.yaml', RIGHT.replace(/ {2}realtime:\n.*\n.*\n/, '')).definition;
  if (!definition || !without) throw new Error('the definition is wrong');
  const overrides = { models: { realtime: { voice: 'ash' } } };
  expect(overridden(definition, overrides).models.realtime).toMatchObject({
    model: 'gpt-realtime',
    voice: 'ash',
  });
  expect(() => overridden(without, overrides)).toThrow('the agent has no realtime model');
});
