import { showAgents } from './agents.js';
import { showCall } from './call.js';
import { showCalls } from './calls.js';
import { key, Problem } from './client.js';
import { alarm, h } from './elements.js';
import { showHistory } from './history.js';
import { showList, showLists } from './lists.js';
import { showWebhooks } from './webhooks.js';

/** What each address shows. A view gets the place to draw in and lives until its signal aborts. */
const VIEWS = [
  [/^#\/calls$/, showCalls],
  [/^#\/history(?:\?(.*))?$/, showHistory],
  [/^#\/thread\/(.+)$/, showCall],
  [/^#\/lists$/, showLists],
  [/^#\/lists\/([^?]+)(?:\?.*)?$/, showList],
  [/^#\/webhooks$/, showWebhooks],
  [/^#\/agents$/, showAgents],
];

const main = document.querySelector('main');
const connection = document.querySelector('#connection');
const leave = document.querySelector('#leave');
let shown = new AbortController();

/** Says whether what is on the page is live. */
function connected(state) {
  connection.textContent = { live: 'live', lost: 'connection lost, trying again' }[state] ?? '';
  connection.className = state === 'lost' ? 'bad' : 'good';
}

async function show() {
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  connected('');
  leave.hidden = key.get() === '';
  if (key.get() === '') {
    main.replaceChildren(keyForm());
    return;
  }
  const { hash } = location;
  const [match, view] = VIEWS.map(([form, show]) => [form.exec(hash), show]).find(([found]) => found) ?? [];
  if (!view) {
    location.replace('#/calls');
    return;
  }
  for (const link of document.querySelectorAll('nav a')) {
    if (hash.startsWith(link.getAttribute('href'))) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const place = h('div');
  main.replaceChildren(place);
  try {
    await view(place, { argument: match[1] ?? '', signal, connected });
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof Problem && error.status === 401) {
      key.forget();
      main.replaceChildren(alarm('That key is not one of ours.'), keyForm());
      return;
    }
    place.append(alarm(error));
  }
}

function keyForm() {
  const input = h('input', { id: 'key', type: 'password', autocomplete: 'off', required: true });
  const submit = async (event) => {
    event.preventDefault();
    key.set(input.value);
    await show();
  };
  return h(
    'form',
    { onsubmit: submit },
    h('label', {}, 'API key (on this machine: dev-key)', input),
    h('button', { type: 'submit' }, 'Open'),
  );
}

leave.addEventListener('click', () => {
  key.forget();
  void show();
});
addEventListener('hashchange', () => {
  void show().then(() => main.focus());
});
void show();
