import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Definition } from './definition.ts';
import { parseDefinition } from './load.ts';
import { overridden, overriddenPlaces, overridesSchema } from './overrides.ts';

const FOLDERS = ['agent/definitions', 'agent/definitions/templates', 'tests/agents'].map((folder) =>
  join(import.meta.dirname, '../..', folder),
);
const ALL = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(folder, name)),
);

function load(text: string): Definition {
  const { definition, problems } = parseDefinition('a.yaml', text);
  if (!definition) throw new Error(JSON.stringify(problems));
  return definition;
}

const DESK = load(`name: desk
greeting: { kind: generated, instructions: Greet. }
instructions: Be kind.
models: { stt: { language: de }, tts: { voice: nova, fallback: [{ model: b, base_url_env: B_URL }] } }
limits: { silence: 7 }
turns: { pause: 2 }
`);

describe('what differs on one call', () => {
  it('is put into the definition member by member, and what is not said stays', () => {
    const overrides = overridesSchema.parse({
      models: { llm: { model: 'm', temperature: 0 }, tts: { voice: 'alloy' } },
      limits: { max_duration: 60 },
      turns: { vad: { threshold: 0.8 } },
      greeting: { kind: 'fixed', text: 'Hello {{vars.name}}.' },
      instructions: 'Speak to {{vars.name}}.',
      persona: 'You are Bob.',
      language: 'de',
      pronunciation: { SQL: 'sequel' },
    });
    const made = overridden(DESK, overrides);
    expect(made).toEqual({
      ...DESK,
      models: {
        ...DESK.models,
        llm: { ...DESK.models.llm, model: 'm', temperature: 0 },
        tts: { ...DESK.models.tts, voice: 'alloy' },
      },
      limits: { ...DESK.limits, max_duration: 60 },
      turns: { pause: 2, vad: { ...DESK.turns.vad, threshold: 0.8 } },
      greeting: { kind: 'fixed', text: 'Hello {{vars.name}}.' },
      instructions: 'Be kind.\n\nSpeak to {{vars.name}}.',
      persona: 'You are Bob.',
      language: 'de',
      pronunciation: { SQL: 'sequel' },
    });
    expect(made.models.tts.fallback).toMatchObject([{ model: 'b', base_url_env: 'B_URL' }]);
    expect(overriddenPlaces(overrides)).toEqual({
      'models.llm.model': 'm',
      'models.llm.temperature': 0,
      'models.tts.voice': 'alloy',
      'limits.max_duration': 60,
      'turns.vad.threshold': 0.8,
      'greeting.kind': true,
      'greeting.text': true,
      instructions: true,
      persona: true,
      language: 'de',
      'pronunciation.SQL': true,
    });
  });

  it.each([
    { models: { llm: { base_url_env: 'X' } } },
    { models: { llm: { api_key_env: 'X' } } },
    { models: { llm: { base_url: 'http://169.254.169.254/' } } },
    { models: { tts: { fallback: [{ model: 'b', base_url_env: 'X' }] } } },
    { tools: { transfer_call: { destinations: {} } } },
    { outbound: { allow: ['*'] } },
    { recording: {} },
    { name: 'other' },
    { variables: { a: 'b' } },
    { limits: { max_duration: -1 } },
    { limits: { max_duration: '60' } },
    { turns: { vad: { threshold: 2 } } },
    { greeting: { kind: 'fixed', text: 'The key is {{env.PROVIDER_PASSWORD}}' } },
    { instructions: '{{env.HOME}}' },
    { instructions: '{{nonsense}}' },
    { instructions: 'x'.repeat(8_001) },
    JSON.parse('{"__proto__": {"name": "x"}, "constructor": {}}') as object,
  ])('is not %j', (overrides) => {
    expect(overridesSchema.safeParse(overrides).success).toBe(false);
  });

  it('names nothing of the environment, whatever the schema grows to have', () => {
    const names = [
      ...JSON.stringify(overridesSchema.toJSONSchema({ io: 'input' })).matchAll(/"(\w+)":/g),
    ].map(([, name = '']) => name);
    expect(names).toContain('max_duration');
    expect(names.filter((name) => /_env$|url|key|fallback/.test(name))).toEqual([]);
  });

  it.each(ALL)('fits every definition that is right: %s', (file) => {
    const definition = load(readFileSync(file, 'utf8'));
    const { models, limits, turns, greeting } = definition;
    const empty = { models: {}, limits: {}, turns: {}, greeting };
    expect(overridden(definition, empty)).toEqual({ ...definition, models, limits, turns });
  });
});
