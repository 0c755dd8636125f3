import { describe, expect, it } from 'vitest';
import type { Entry, NumberedEntry } from './entry.ts';
import { foldThread } from './fold.ts';
import { hashFields } from './hash.ts';
import { someStart } from './thread.fixture.ts';

const start = someStart();
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const numbered = (entries: Entry[], epoch = 1): NumberedEntry[] =>
  entries.map((entry, i) => ({ epoch, n: i + 1, entry }));
const ended = (reason: string): Entry => ({
  kind: 'ended',
  end_reason: { result: 'completed', reason },
  at: at(9),
});

describe('folding entries', () => {
  it('begins with nothing but how the call started', () => {
    expect(foldThread(numbered([{ kind: 'started', start }]))).toEqual({
      ...start,
      parent: null,
      route: null,
      sent_into: null,
      status: 'active',
      answered_at: null,
      answered_by: null,
      ended_at: null,
      end_reason: null,
      outcome: null,
      digits: [],
      transfers: [],
      consults: [],
      commands: [],
      recording: null,
      state: {},
      flow: null,
      flows: [],
      metrics: { turns: [] },
      analysis: null,
      cost: null,
      warnings: [],
      history: [],
    });
  });

  it('is nothing without a start', () => {
    expect(foldThread([])).toBeUndefined();
    expect(foldThread(numbered([ended('x')]))).toBeUndefined();
  });

  it('puts only messages into the history', () => {
    const message = { role: 'assistant', content: 'Hello', created_at: at(1) } as const;
    const collection = { digits: '12', terminator: '#', ended_by: 'terminator' } as const;
    const thread = foldThread(
      numbered([
        { kind: 'started', start },
        { kind: 'answered', at: at(1) },
        { kind: 'message', message },
        { kind: 'digits', collection, at: at(2) },
        { kind: 'warning', code: 'E_X', detail: 'd', at: at(3) },
        { kind: 'outcome', outcome: { reason: 'resolved' }, at: at(4) },
        ended('end_dialog'),
      ]),
    );
    expect(thread).toMatchObject({
      history: [message],
      digits: [collection],
      warnings: [{ code: 'E_X', detail: 'd', at: at(3) }],
      outcome: { reason: 'resolved' },
      answered_at: at(1),
      ended_at: at(9),
      status: 'ended',
    });
  });

  it('merges states, the last word of each name counting', () => {
    const states = [{ a: 1, b: 1 }, { b: 2 }, { c: null }];
    const entries = states.map((state): Entry => ({ kind: 'state', state, at: at(1) }));
    expect(foldThread(numbered([{ kind: 'started', start }, ...entries]))?.state).toEqual({
      a: 1,
      b: 2,
      c: null,
    });
  });

  it('has the steps that the call went through, and the one that it is in', () => {
    const entries: Entry[] = [
      { kind: 'flow', flow: { flow: 'menu', by: 'start' }, at: at(1) },
      { kind: 'flow', flow: { flow: 'orders', by: 'tool' }, at: at(2) },
    ];
    expect(foldThread(numbered([{ kind: 'started', start }, ...entries]))).toMatchObject({
      flow: 'orders',
      flows: [
        { flow: 'menu', by: 'start', at: at(1) },
        { flow: 'orders', by: 'tool', at: at(2) },
      ],
    });
  });

  it('goes on where another worker took the call over, whatever the first one wrote at its end', () => {
    const first = numbered([{ kind: 'started', start }, { kind: 'answered', at: at(1) }, ended('lost')], 1);
    const second = numbered(
      [
        { kind: 'started', start },
        { kind: 'answered', at: at(5) },
      ],
      2,
    );
    expect(foldThread([...second, ...first])).toMatchObject({
      status: 'active',
      answered_at: at(1),
      ended_at: null,
      end_reason: null,
    });
  });

  it('passes over kinds that a later version wrote', () => {
    const unknown = { kind: 'analysis', of: 'something' } as unknown as Entry;
    expect(foldThread(numbered([{ kind: 'started', start }, unknown, ended('x')]))?.status).toBe('ended');
  });
});

describe('the hash of a thread', () => {
  it('has text as it is, anything else as JSON, and nothing of null or the history', () => {
    const thread = foldThread(numbered([{ kind: 'started', start }, ended('x')]));
    const fields = thread ? hashFields(thread) : [];
    const hash = new Map(fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1] ?? '']] : [])));
    expect(hash.get('uid')).toBe(start.uid);
    expect(JSON.parse(hash.get('caller') ?? '')).toEqual(start.caller);
    expect(JSON.parse(hash.get('end_reason') ?? '')).toEqual({ result: 'completed', reason: 'x' });
    expect([hash.has('history'), hash.has('outcome')]).toEqual([false, false]);
  });

  it('knows the side calls of a call, and the call of a side call', () => {
    const aside = someStart({ direction: 'outbound', parent: start.id });
    const consult = {
      status: 'busy',
      cause: 'busy',
      code: null,
      sip_status: 486,
      thread: aside.id,
      agent: 'ivr-navigator',
      to: 'sip:ivr@partner.example',
      seconds: 2,
    } as const;
    const thread = foldThread(
      numbered([
        { kind: 'started', start },
        { kind: 'consult', consult, at: at(1) },
      ]),
    );
    expect(thread?.consults).toEqual([consult]);
    expect(foldThread(numbered([{ kind: 'started', start: aside }]))?.parent).toBe(start.id);
  });

  it('knows what supervisors had done, in order, each with its time', () => {
    const by = { by: 'key_1', arguments: {} };
    const mute = { id: 'cmd_1', kind: 'mute', ...by, status: 'done', code: null } as const;
    const refused = {
      ...mute,
      id: 'cmd_2',
      kind: 'transfer',
      arguments: { to: 'x' },
      status: 'refused',
      code: 'E_DESTINATION_UNKNOWN',
    } as const;
    const thread = foldThread(
      numbered([
        { kind: 'started', start },
        { kind: 'command', command: mute, at: at(1) },
        { kind: 'command', command: refused, at: at(2) },
      ]),
    );
    expect(thread?.commands).toEqual([
      { ...mute, at: at(1) },
      { ...refused, at: at(2) },
    ]);
  });
});
