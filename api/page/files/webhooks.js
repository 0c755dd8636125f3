import { ask } from './client.js';
import { h, row, table, time } from './elements.js';

/** Who is told of calls, and how that went. */
export async function showWebhooks(place, { signal }) {
  const { webhooks } = await ask('/webhooks', { signal });
  place.append(h('h1', {}, 'Webhooks'));
  if (webhooks.length === 0) place.append(h('p', {}, 'None yet. POST /webhooks makes one.'));
  for (const webhook of webhooks) {
    const [{ deliveries }, { dead_letters: dead }] = await Promise.all([
      ask(`/webhooks/${webhook.id}/deliveries?limit=50`, { signal }),
      ask(`/webhooks/${webhook.id}/dead-letters`, { signal }),
    ]);
    const replay = async (event) => {
      event.target.disabled = true;
      const { replayed } = await ask(`/webhooks/${webhook.id}/replay`, { method: 'POST', body: {} });
      event.target.textContent = `${replayed} on their way`;
    };
    place.append(
      h('h2', {}, webhook.url),
      h(
        'p',
        {},
        webhook.events.join(', '),
        webhook.disabled ? h('span', { class: 'bad' }, ' · switched off') : '',
      ),
      dead.length
        ? h('button', { type: 'button', onclick: replay }, `Send ${dead.length} dead letters again`)
        : '',
      table(
        `Deliveries to ${webhook.url}`,
        ['At', 'Event', 'Call', 'Result', 'Answer'],
        deliveries.map(rowOf),
      ),
    );
  }
}

function rowOf({ at, event, thread, result, status, error }) {
  return row(
    time(at),
    event,
    h('a', { href: `#/thread/${encodeURIComponent(thread)}` }, thread),
    h('span', { class: result === 'sent' ? 'good' : 'bad' }, result),
    status ?? error ?? '',
  );
}
