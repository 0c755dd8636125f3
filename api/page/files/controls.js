import { ask, Problem } from './client.js';
import { confirmation, h } from './elements.js';

/**
 * What can be done in a call that runs, as far as the key reaches: nothing of it is shown to a key that may only read. What came of each is said
 * in one place, to screen readers too.
 *
 * @returns the section, and `told` for what happens in the call
 */
export async function controlsOf(thread, { signal }) {
  const section = h('section', { class: 'controls', 'aria-label': 'Act on the call' });
  const nothing = { section, told: () => undefined };
  if (thread.status !== 'active') return nothing;
  const id = encodeURIComponent(thread.id);
  const call = await ask(`/calls/${id}`, { signal }).catch((error) => {
    // Over in the meantime.
    if (error instanceof Problem && [404, 409].includes(error.status)) return undefined;
    throw error;
  });
  if (!call || call.commands.length === 0) return nothing;
  const said = h('p', { role: 'status', class: 'said' });

  /** Has it done, and says how that went. */
  const command = async (kind, body, doing, done) => {
    said.className = 'said';
    said.textContent = doing;
    try {
      const { result } = await ask(`/calls/${id}/${kind}`, { method: 'POST', body, signal });
      said.textContent = done(result);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      said.className = 'said bad';
      said.textContent = `Refused: ${error.message}`;
      return false;
    }
  };

  const mute = h(
    'button',
    { type: 'button', 'aria-pressed': String(call.state === 'muted') },
    'Mute the agent',
  );
  mute.addEventListener('click', () => {
    const isMuted = mute.getAttribute('aria-pressed') === 'true';
    void command(isMuted ? 'unmute' : 'mute', undefined, isMuted ? 'Unmuting …' : 'Muting …', () =>
      isMuted ? 'The agent may speak again.' : 'The agent keeps silent.',
    );
  });

  const hangUp = h('button', { type: 'button', class: 'danger' }, 'Hang up …');
  const sure = confirmation(
    'Hang up this call?',
    'The caller is cut off at once.',
    { no: 'Keep the call', yes: 'Hang up' },
    () => command('hangup', undefined, 'Hanging up …', () => 'Hung up.'),
  );
  hangUp.addEventListener('click', () => sure.showModal());

  const forms = {
    say: () =>
      form('Say', [field('text', 'Say to the caller', { maxlength: 1000 })], ({ text }) =>
        command('say', { text }, 'Being said …', ({ interrupted }) =>
          interrupted ? 'The caller cut it off.' : 'The caller has heard it.',
        ),
      ),
    context: () =>
      form(
        'Tell',
        [field('text', 'Tell the agent', { maxlength: 4000 }), tick('reply', 'and have it speak at once')],
        ({ text, reply }) =>
          command('context', { text, reply: reply === 'on' }, 'Being told …', () => 'The agent knows.'),
      ),
    digits: () =>
      form(
        'Press',
        [
          field('digits', 'Press keys', {
            maxlength: 64,
            pattern: '[0-9A-Da-d*#wW]+',
            title: '0-9, *, #, A-D, w to wait',
          }),
          tick('sensitive', 'not to be shown'),
        ],
        ({ digits, sensitive }) =>
          command('digits', { digits, sensitive: sensitive === 'on' }, 'Being pressed …', () => 'Pressed.'),
      ),
    transfer: () => {
      const options = call.destinations.map(({ name, description, method }) =>
        h('option', { value: name }, `${name} (${method}): ${description}`),
      );
      const select = h('select', { name: 'to', required: true }, options);
      return form('Put through', [h('label', {}, 'Put the caller through to', select)], ({ to }) =>
        command('transfer', { to }, `Being put through to ${to} …`, ({ status, cause }) =>
          status === 'completed'
            ? `Put through to ${to}.`
            : `Not put through: ${status}${cause && cause !== status ? `, ${cause}` : ''}. The caller is back with the agent.`,
        ),
      );
    },
  };
  const allowed = (kind) => call.commands.includes(kind);
  section.append(
    h('h2', {}, 'Act on the call'),
    ...Object.keys(forms)
      .filter(allowed)
      .map((kind) => forms[kind]()),
    h('div', { class: 'row' }, allowed('mute') ? mute : '', allowed('hangup') ? hangUp : ''),
    said,
    sure,
  );
  return {
    section,
    /** Others may act on the call too. */
    told: (entry) => {
      if (entry.kind === 'command' && entry.command.status === 'done') {
        if (entry.command.kind === 'mute') mute.setAttribute('aria-pressed', 'true');
        if (entry.command.kind === 'unmute') mute.setAttribute('aria-pressed', 'false');
      }
      if (entry.kind !== 'ended') return;
      sure.close();
      // What was said last stays.
      section.replaceChildren(said);
    },
  };
}

/** A form of one line; what was typed stays where it was refused. */
function form(action, fields, submit) {
  const button = h('button', {}, action);
  const made = h('form', {}, fields, button);
  made.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.getAttribute('aria-disabled') === 'true') return;
    // Not `disabled`, which would take the focus from whoever pressed it.
    button.setAttribute('aria-disabled', 'true');
    if (await submit(Object.fromEntries(new FormData(made)))) made.reset();
    button.removeAttribute('aria-disabled');
  });
  return made;
}

const field = (name, label, properties) =>
  h(
    'label',
    { class: 'wide' },
    label,
    h('input', { name, required: true, autocomplete: 'off', ...properties }),
  );

const tick = (name, label) => h('label', { class: 'tick' }, h('input', { name, type: 'checkbox' }), label);
