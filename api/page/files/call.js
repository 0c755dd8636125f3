import { ask, follow } from './client.js';
import { controlsOf } from './controls.js';
import { duration, facts, h, time } from './elements.js';
import { lineOf } from './timeline.js';
import { whatCameOfIt } from './afterwards.js';

/** One call: who and what, and all that is said and done, as it happens. */
export async function showCall(place, { argument, signal, connected }) {
  const path = `/threads/${argument}`;
  const thread = await ask(path, { signal });
  const about = h('div');
  const lines = h('ol', { class: 'timeline', 'aria-label': 'What was said and done', 'aria-live': 'polite' });
  const title = h('h1', {}, `Call from ${thread.caller.number || 'unknown'}`);
  const controls = await controlsOf(thread, { signal });
  place.append(title, about, controls.section, lines);
  const draw = (now) => about.replaceChildren(aboutOf(now));
  draw(thread);
  await follow(`${path}/events`, {
    signal,
    state: connected,
    event: (_name, { entry }) => {
      const line = lineOf(entry);
      if (line) lines.append(line);
      controls.told(entry);
      if (['answered', 'outcome', 'state', 'flow', 'ended', 'analysis'].includes(entry.kind))
        void ask(path, { signal }).then(draw, () => undefined);
    },
  });
  connected('');
}

function aboutOf(thread) {
  const { caller, end_reason: end, outcome, state } = thread;
  const list = (object) => Object.entries(object ?? {}).map(([name, value]) => [name, JSON.stringify(value)]);
  return h(
    'section',
    { 'aria-label': 'About the call' },
    facts([
      ['Call id', thread.uid],
      ['Name', caller.name],
      ['Dialed', caller.dialed],
      ['Agent', thread.agent],
      ['Step', thread.flow],
      ['Start', time(thread.started_at)],
      ['Length', duration(thread.answered_at, thread.ended_at)],
      ['Status', end ? `${end.result}: ${end.reason}` : thread.status],
    ]),
    outcome ? h('section', {}, h('h2', {}, 'Outcome'), facts(list(outcome))) : '',
    Object.keys(state ?? {}).length ? h('section', {}, h('h2', {}, 'State'), facts(list(state))) : '',
    whatCameOfIt(thread),
  );
}
