import { ask, follow } from './client.js';
import { duration, h, row, table, time } from './elements.js';

/** The calls that go on right now: who, with which agent, since when, and the last that was said. */
export async function showCalls(place, { signal, connected }) {
  const calls = new Map();
  const draw = () => {
    const rows = [...calls.values()].map((call) =>
      row(
        h('a', { href: `#/thread/${encodeURIComponent(call.id)}` }, call.caller.number || 'unknown'),
        call.agent,
        time(call.started_at),
        h('span', { 'data-since': call.started_at }, duration(call.started_at)),
        call.last ?? '',
      ),
    );
    const none = h('p', {}, 'No calls right now.');
    const heads = ['Caller', 'Agent', 'Since', 'For', 'Last said'];
    place.replaceChildren(
      h('h1', {}, `Calls now: ${calls.size}`),
      calls.size ? table('Calls now', heads, rows) : none,
    );
  };
  /** What was missed before the stream was there, or while it was not. */
  const read = async () => {
    const { threads } = await ask('/threads?status=active&limit=50', { signal });
    const last = new Map([...calls].map(([id, call]) => [id, call.last]));
    calls.clear();
    for (const thread of threads) calls.set(thread.id, { ...thread, last: last.get(thread.id) });
    draw();
  };
  const tick = setInterval(() => {
    for (const cell of place.querySelectorAll('[data-since]'))
      cell.textContent = duration(cell.getAttribute('data-since'));
  }, 1000);
  signal.addEventListener('abort', () => clearInterval(tick));
  await follow('/events', {
    signal,
    state: async (state) => {
      connected(state);
      if (state === 'live') await read();
    },
    event: (name, { thread, entry }) => {
      if (name === 'gap') return;
      if (entry.kind === 'started') calls.set(thread, { ...entry.start });
      if (entry.kind === 'ended') calls.delete(thread);
      const call = calls.get(thread);
      if (call && entry.kind === 'message' && entry.message.role !== 'tool' && entry.message.content)
        call.last = entry.message.content;
      draw();
    },
  });
}
