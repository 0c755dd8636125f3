const KEY = 'attendant-key';
/** Milliseconds before a lost stream is asked for again, doubling up to the last. */
const AGAIN = { first: 500, most: 10_000 };

/** The key, for this tab alone. */
export const key = {
  get: () => sessionStorage.getItem(KEY) ?? '',
  set: (text) => sessionStorage.setItem(KEY, text),
  forget: () => sessionStorage.removeItem(KEY),
};

/** An answer that is a problem document (RFC 9457). */
export class Problem extends Error {
  constructor(status, { code = '', detail = '', mend = '' }) {
    super([code, detail, mend].filter(Boolean).join(' · ') || `HTTP ${status}`);
    this.status = status;
    this.code = code;
  }
}

/** Asks the API; gives the answer's JSON, undefined where it has none. */
export async function ask(path, { method = 'GET', body, signal } = {}) {
  const headers = {
    'api-key': key.get(),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const response = await fetch(path, {
    method,
    headers,
    signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Problem(response.status, await response.json().catch(() => ({})));
  return response.status === 204 ? undefined : response.json();
}

/**
 * Follows server-sent events until the signal aborts or all of them were seen; a connection that was lost goes on where it was.
 *
 * @param on.event gets each event's name and what it carries
 * @param on.state gets `live` or `lost`
 */
export async function follow(path, { event, state, signal }) {
  let last = '';
  let wait = AGAIN.first;
  while (!signal.aborted) {
    try {
      const headers = { 'api-key': key.get(), ...(last ? { 'last-event-id': last } : {}) };
      const response = await fetch(path, { headers, signal });
      // The server says so where all of it was seen.
      if (response.status === 204) return;
      if (!response.ok) throw new Problem(response.status, await response.json().catch(() => ({})));
      await state('live');
      wait = AGAIN.first;
      for await (const { id, name, text } of events(response.body)) {
        last = id || last;
        if (text) event(name, JSON.parse(text));
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.status < 500) throw error;
    }
    await state('lost');
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(AGAIN.most, wait * 2);
  }
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html: EventSource cannot send the key's header. */
async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = block.split(/\r?\n/).map((line) => /^(\w*): ?(.*)$/.exec(line) ?? []);
      const of = (wanted) =>
        fields
          .filter(([, name]) => name === wanted)
          .map(([, , text]) => text)
          .join('\n');
      yield { id: of('id'), name: of('event') || 'message', text: of('data') };
    }
  }
}
