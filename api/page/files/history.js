import { ask } from './client.js';
import { duration, h, row, table, time } from './elements.js';

const FIELDS = [
  ['caller', 'Caller', 'search'],
  ['dialed', 'Dialed', 'search'],
  ['agent', 'Agent', 'search'],
  ['uid', 'Call id', 'search'],
];

/** Calls that were, newest first, by what is looked for. */
export async function showHistory(place, { argument, signal }) {
  const asked = new URLSearchParams(argument);
  const search = (event) => {
    event.preventDefault();
    const given = [...new FormData(event.target)].filter(([, value]) => value !== '');
    location.hash = `#/history?${new URLSearchParams(given)}`;
  };
  const fields = FIELDS.map(([name, label, type]) =>
    h('label', {}, label, h('input', { name, type, value: asked.get(name) ?? '' })),
  );
  const form = h('form', { role: 'search', onsubmit: search }, fields, h('button', {}, 'Search'));
  const list = h('div');
  place.append(h('h1', {}, 'History'), form, list);
  const rows = [];
  const more = async (cursor) => {
    const query = new URLSearchParams(asked);
    query.set('limit', '25');
    if (cursor) query.set('cursor', cursor);
    const { threads, next } = await ask(`/threads?${query}`, { signal });
    rows.push(...threads.map(rowOf));
    const heads = ['Caller', 'Dialed', 'Agent', 'Start', 'Length', 'End'];
    list.replaceChildren(
      rows.length ? table('Calls', heads, rows) : h('p', {}, 'No calls are like that.'),
      next ? h('button', { type: 'button', onclick: () => void more(next) }, 'Older calls') : '',
    );
  };
  await more('');
}

function rowOf(thread) {
  const { result, reason } = thread.end_reason ?? {};
  return row(
    h('a', { href: `#/thread/${encodeURIComponent(thread.id)}` }, thread.caller.number || 'unknown'),
    thread.caller.dialed,
    thread.agent,
    time(thread.started_at),
    duration(thread.answered_at, thread.ended_at),
    h('span', { class: result === 'failed' ? 'bad' : 'good' }, result ? `${result}: ${reason}` : 'active'),
  );
}
