import type { ListId } from '../../base/ids.ts';
import {
  CALLEE_RESULTS,
  type Callee,
  type CallList,
  type ListSettings,
  type ListState,
  type ShownCallee,
} from './call-list.ts';

const time = (ms: string | number) => new Date(Number(ms)).toISOString();

/** The list as its script reads it: its fields, how many wait, how many are called, when the first is due. */
export function shownList(
  id: ListId,
  [fields, waiting, calling, first]: [string[], number, number, string | null],
): CallList | undefined {
  const hash = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) hash.set(fields[i] ?? '', fields[i + 1] ?? '');
  const text = (name: string) => hash.get(name) ?? '';
  if (!hash.has('state')) return undefined;
  const ended = hash.get('ended');
  const results = CALLEE_RESULTS.flatMap((result) => {
    const many = hash.get(`result:${result}`);
    return many === undefined ? [] : [[result, Number(many)] as const];
  });
  const state = text('state') as ListState;
  // Nobody is called before all of these.
  const next = Math.max(Number(first ?? 0), Number(text('starts')), Number(hash.get('held') ?? 0));
  return {
    id,
    settings: JSON.parse(text('settings')) as ListSettings,
    state,
    created_at: time(text('created')),
    starts_at: time(text('starts')),
    expires_at: time(text('expires')),
    ended_at: ended === undefined ? null : time(ended),
    total: Number(text('total')),
    waiting,
    calling,
    results: Object.fromEntries(results),
    next_due: first === null || state !== 'running' ? null : time(next),
  };
}

/** A callee of the list. Who was left when it was canceled or expired came to nothing else. */
export function shownCallee(list: CallList, callee: Callee, due: string, calling: boolean): ShownCallee {
  const { state } = list;
  if (calling) return { ...callee, state: 'calling', due: null };
  if (callee.result !== null) return { ...callee, state: 'done', due: null };
  if (due !== '') return { ...callee, state: 'waiting', due: time(due) };
  return { ...callee, state: 'done', due: null, result: state === 'expired' ? 'expired' : 'canceled' };
}
