/**
 * An element with its properties and children. Text goes in as text: nothing that a caller said or sent is ever taken for markup.
 *
 * @example h('a', { href: '#/calls' }, 'Calls now')
 */
export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === false || value === null) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(
    ...children.flat().filter((child) => child !== undefined && child !== null && child !== false),
  );
  return element;
}

/** A table with a caption for those who cannot see what it is of. */
export function table(caption, heads, rows) {
  const head = h(
    'thead',
    {},
    h(
      'tr',
      {},
      heads.map((text) => h('th', { scope: 'col' }, text)),
    ),
  );
  const body = h('tbody', {}, rows);
  return h('div', { class: 'scroll' }, h('table', { 'aria-label': caption }, head, body));
}

/** A row of it. */
export const row = (...cells) =>
  h(
    'tr',
    {},
    cells.map((cell) => h('td', {}, cell)),
  );

/** Terms with what they are; those without a value are left out. */
export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== undefined && value !== null && value !== '');
  return h(
    'dl',
    {},
    known.map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value))),
  );
}

/** A point in time as people write it. */
export function time(text) {
  if (!text) return '';
  const date = new Date(text);
  return h('time', { datetime: text, title: text }, date.toLocaleString());
}

/** From one time to another, or to now. */
export function duration(from, to) {
  if (!from) return '';
  const seconds = Math.max(0, Math.round(((to ? Date.parse(to) : Date.now()) - Date.parse(from)) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** An error, said to screen readers too. */
export const alarm = (error) =>
  h('p', { role: 'alert' }, error instanceof Error ? error.message : String(error));

/** A question that has to be answered before something is done; `showModal` asks it. */
export function confirmation(question, consequence, { no, yes }, confirmed) {
  const close = () => dialog.close();
  const dialog = h(
    'dialog',
    { 'aria-label': question },
    h('h2', {}, question),
    h('p', {}, consequence),
    h(
      'div',
      { class: 'row' },
      h('button', { type: 'button', onclick: close }, no),
      h(
        'button',
        {
          type: 'button',
          class: 'danger',
          onclick: () => {
            close();
            void confirmed();
          },
        },
        yes,
      ),
    ),
  );
  return dialog;
}
