import { ask } from './client.js';
import { h, row, table } from './elements.js';

/** The agents as they are loaded, and how each is called. */
export async function showAgents(place, { signal }) {
  const { agents, problems, sip_port: port } = await ask('/agents', { signal });
  const rows = agents.map(({ name, description, version, tools, rules }) =>
    row(
      name,
      description,
      h('code', {}, addressOf(name, port)),
      tools.join(', '),
      rules.map(({ name: rule, then }) => `${rule}: ${then}`).join('; '),
      h('code', { title: version }, version.slice(0, 15)),
    ),
  );
  place.append(
    h('h1', {}, 'Agents'),
    table('Agents', ['Name', 'For', 'Address', 'Tools', 'Rules', 'Version'], rows),
  );
  if (problems.length === 0) return;
  place.append(
    h('h2', {}, 'Files that are wrong'),
    h(
      'ul',
      { class: 'bad' },
      problems.map((problem) => h('li', {}, problem)),
    ),
  );
}

/** How a softphone calls it. */
function addressOf(name, port) {
  return `sip:${name}@${location.hostname}${port === 5060 ? '' : `:${port}`}`;
}
