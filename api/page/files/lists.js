import { ask } from './client.js';
import { alarm, confirmation, facts, h, row, table, time } from './elements.js';

/** Milliseconds between two looks at a list that is not over. */
const LOOK_EVERY = 2_000;
/** Callees on a page. */
const PAGE = 50;

/** The lists of people who are called, and how far each has come. */
export async function showLists(place, { signal }) {
  const { lists } = await ask('/lists', { signal });
  const rows = lists.map((list) =>
    row(
      h('a', { href: `#/lists/${encodeURIComponent(list.id)}` }, list.name || list.id),
      list.agent,
      list.state,
      progressOf(list),
      time(list.created_at),
    ),
  );
  place.append(
    h('h1', {}, 'Lists'),
    rows.length
      ? table('Lists', ['Name', 'Agent', 'State', 'Called', 'Start'], rows)
      : h('p', {}, 'None yet. attendant list start, or POST /lists, makes one.'),
  );
}

const progressOf = ({ total, waiting, calling }) => `${total - waiting - calling} of ${total}`;

/** One list: how far it has come, what can be done with it, and everybody on it, as far as was asked for. */
export async function showList(place, { argument, signal }) {
  const path = `/lists/${argument}`;
  const about = h('div');
  const people = h('div');
  const said = h('p', { role: 'status', class: 'said' });
  let pages = 1;
  let drawn = '';
  let timer;
  signal.addEventListener('abort', () => clearTimeout(timer));

  const look = async () => {
    clearTimeout(timer);
    const list = await ask(path, { signal });
    const calls = [];
    let next = '1';
    for (let page = 0; page < pages && next; page++) {
      const found = await ask(`${path}/calls?limit=${PAGE}&cursor=${next}`, { signal });
      calls.push(...found.calls);
      ({ next } = found);
    }
    // Only what changed is drawn, so that nobody loses their place.
    const now = JSON.stringify([list, calls, next]);
    if (now !== drawn) draw(list, calls, next);
    drawn = now;
    if (list.ended_at === null) timer = setTimeout(() => void look().catch(failed), LOOK_EVERY);
  };
  const failed = (error) => {
    if (!signal.aborted) about.replaceChildren(alarm(error));
  };
  const command = async (what, now) => {
    said.className = 'said';
    said.textContent = now;
    try {
      await ask(`${path}/${what}`, { method: 'POST', signal });
      said.textContent = '';
      await look();
    } catch (error) {
      if (signal.aborted) return;
      said.className = 'said bad';
      said.textContent = `Refused: ${error.message}`;
    }
  };
  // One button for both, which keeps the focus of whoever pressed it.
  let verb = 'pause';
  const doing = { pause: 'Pausing …', resume: 'Resuming …' };
  const toggle = h('button', { type: 'button', onclick: () => void command(verb, doing[verb]) });
  const cancel = h(
    'button',
    { type: 'button', class: 'danger', onclick: () => sure.showModal() },
    'Cancel …',
  );
  const sure = confirmation(
    'Cancel this list?',
    'Nobody on it is called any more. Calls that run go on.',
    { no: 'Let it go on', yes: 'Cancel the list' },
    () => command('cancel', 'Canceling …'),
  );
  const more = h(
    'button',
    {
      type: 'button',
      onclick: () => {
        pages += 1;
        void look().catch(failed);
      },
    },
    'More',
  );
  const buttons = h('div', { class: 'row' }, toggle, cancel);
  const title = h('h1', {}, 'List');

  function draw(list, calls, next) {
    title.textContent = `List ${list.name || list.id}`;
    about.replaceChildren(aboutOf(list));
    verb = list.state === 'paused' ? 'resume' : 'pause';
    toggle.textContent = verb === 'pause' ? 'Pause' : 'Resume';
    buttons.hidden = !['running', 'paused'].includes(list.state);
    const heads = ['Callee', 'State', 'Next', 'Calls'];
    people.replaceChildren(table('Callees', heads, calls.map(rowOf)), ...(next ? [more] : []));
  }
  place.append(title, about, buttons, said, sure, people);
  await look();
}

function aboutOf(list) {
  const results = Object.entries(list.results).map(([result, many]) => `${result} ${many}`);
  return h(
    'section',
    { 'aria-label': 'About the list' },
    facts([
      ['State', list.state],
      ['Agent', list.agent],
      ['Called', progressOf(list)],
      ['Calls now', list.calling],
      ['Results', results.join(', ')],
      ['Next', list.next_due && time(list.next_due)],
      ['Pace', `${list.pace.at_once} at once, ${list.pace.per_minute} a minute`],
      ['Start', time(list.starts_at)],
      list.ended_at ? ['End', time(list.ended_at)] : ['Expires', time(list.expires_at)],
    ]),
  );
}

function rowOf({ to, state, result, due, attempts }) {
  const calls = attempts.map(({ thread, result: came }, i) => [
    i > 0 ? ', ' : '',
    h('a', { href: `#/thread/${encodeURIComponent(thread)}` }, came ?? 'running'),
  ]);
  return row(to, result ?? state, due ? time(due) : '', h('span', {}, ...calls.flat()));
}
