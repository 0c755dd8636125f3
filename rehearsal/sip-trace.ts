/** A SIP message as SIPp logged it. */
export interface SipMessage {
  readonly direction: 'sent' | 'received';
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The method of a request, undefined for a response. */
  readonly method: string | undefined;
  /** The status of a response, undefined for a request. */
  readonly status: number | undefined;
  readonly startLine: string;
  /** In the order of the message, names as written. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** The value of a message's first header of that name, whatever its case. */
export function headerOf(message: SipMessage, name: string): string | undefined {
  return message.headers.find(([n]) => n.toLowerCase() === name.toLowerCase())?.[1];
}

/** Reads SIPp's message log (`-trace_msg`). A last message that is not all there yet may come out cut. */
export function parseSippTrace(text: string): SipMessage[] {
  const messages: SipMessage[] = [];
  for (const block of text.split(/^-{20,} (?=\d{4}-)/m).slice(1)) {
    const [, time, direction, raw] =
      /^(\S+ \S+)\n\S+ message (sent|received) [^\n]*:\n\n([\s\S]*)$/.exec(block.replace(/\r\n/g, '\n')) ??
      [];
    if (time === undefined || raw === undefined) continue;
    const gap = raw.indexOf('\n\n');
    const head = (gap < 0 ? raw : raw.slice(0, gap)).split('\n');
    const startLine = head[0] ?? '';
    const status = /^SIP\/2\.0 (\d{3})/.exec(startLine)?.[1];
    messages.push({
      direction: direction === 'sent' ? 'sent' : 'received',
      at: Date.parse(time.replace(' ', 'T')),
      method: status === undefined ? startLine.split(' ')[0] : undefined,
      status: status === undefined ? undefined : Number(status),
      startLine,
      headers: head.slice(1).flatMap((line) => {
        const [, name, value] = /^([^:\s]+)\s*:\s*(.*)$/.exec(line) ?? [];
        return name === undefined || value === undefined ? [] : [[name, value] as const];
      }),
      body: gap < 0 ? '' : raw.slice(gap + 2).trimEnd(),
    });
  }
  return messages;
}
