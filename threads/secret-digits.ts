import type { Entry, Message, ThreadWriter } from './entry.ts';
import { numbersIn, type Run } from './spoken-digits.ts';

/** Stands for each digit that is not shown. */
const MASK = '•';
/** Fewer digits in a row are not looked for: they would be found in every amount and date. */
const FEWEST = 3;

/** A bullet for each character: the length is all that is left. */
export function masked(digits: string): string {
  return MASK.repeat(digits.length);
}

/** Every number of a text masked, in figures or in words. */
export function withoutNumbers(text: string): string {
  const runs = numbersIn(text);
  // "Oh" is a zero only among other digits.
  const meant = runs.filter(({ tokens }) => tokens.length > 1 || !/^oh?$/i.test(textOf(text, tokens[0])));
  return replaced(text, meant, () => true);
}

/**
 * The numbers of one call that no record may hold: three of their digits in a row, and more, are masked wherever they turn up, in
 * figures or in words, whatever stands between them.
 */
export class SecretDigits {
  readonly #numbers = new Set<string>();

  add(number: string): void {
    const digits = number.replace(/[^0-9]/g, '');
    if (digits.length >= FEWEST) this.#numbers.add(digits);
  }

  /** All numbers of a text, each with three digits or more, are secret from here on. */
  addAllIn(text: string): void {
    for (const { digits } of numbersIn(text)) this.add(digits);
  }

  /**
   * @param options.cutShort the text ends in the middle of a sentence, which may have been in the middle of a number.
   */
  mask(text: string, options: { cutShort?: boolean } = {}): string {
    if (this.#numbers.size === 0) return text;
    const runs = numbersIn(text);
    const last = options.cutShort ? runs.at(-1) : undefined;
    return replaced(
      text,
      runs,
      (run, at, length) =>
        (run === last && this.#beginsWith(run.digits)) || this.#covers(run.digits, at, length),
    );
  }

  /** The value with every text in it masked. A number that is a secret becomes its mask. */
  maskAll(value: unknown): unknown {
    if (this.#numbers.size === 0) return value;
    if (typeof value === 'string') return this.mask(value);
    if (typeof value === 'number') {
      const shown = this.mask(String(value));
      return shown === String(value) ? value : shown;
    }
    if (Array.isArray(value)) return this.#maskList(value);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [this.mask(key), this.maskAll(item)]),
    );
  }

  /** Items that are a digit each, or a word, are read together as one number. */
  #maskList(items: readonly unknown[]): unknown[] {
    const texts = items.map((item) => (typeof item === 'number' ? String(item) : item));
    const isSpelled = texts.every((text) => typeof text === 'string' && /^[^\s]+$/.test(text));
    const shown = isSpelled ? this.mask(texts.join(' ')).split(' ') : [];
    return items.map((item, n) =>
      shown.length === items.length && shown[n] !== texts[n] ? shown[n] : this.maskAll(item),
    );
  }

  /** Whether the digits from `at` on belong to three or more of a secret in a row. */
  #covers(digits: string, at: number, length: number): boolean {
    for (let start = Math.max(0, at - FEWEST + 1); start < at + length; start++) {
      const piece = digits.slice(start, start + FEWEST);
      if (piece.length === FEWEST && [...this.#numbers].some((number) => number.includes(piece))) return true;
    }
    return false;
  }

  #beginsWith(digits: string): boolean {
    return [...this.#numbers].some((number) => number.startsWith(digits));
  }
}

/**
 * A thread that never learns the call's secret digits: what is appended is masked before it is in the journal, in Redis or anywhere else.
 *
 * @param options.keys true where keys that nobody asked for (`[pressed 12]`) may be part of a secret, too.
 */
export function discreet(
  thread: ThreadWriter,
  secrets: SecretDigits,
  options: { keys: boolean },
): ThreadWriter {
  return {
    start: thread.start,
    append: (entry) => thread.append(discreetEntry(entry, secrets, options.keys)),
    flushed: (signal) => thread.flushed(signal),
    close: () => thread.close(),
  };
}

function discreetEntry(entry: Entry, secrets: SecretDigits, keys: boolean): Entry {
  switch (entry.kind) {
    case 'message':
      return { ...entry, message: discreetMessage(entry.message, secrets, keys) };
    case 'digits':
      return {
        ...entry,
        collection: { ...entry.collection, digits: secrets.mask(entry.collection.digits) },
      };
    case 'transfer': {
      const { attempt } = entry;
      const cause = attempt.cause === null ? null : secrets.mask(attempt.cause);
      const handover = attempt.handover && {
        handover: secrets.maskAll(attempt.handover) as typeof attempt.handover,
      };
      return { ...entry, attempt: { ...attempt, ...handover, cause, to: secrets.mask(attempt.to) } };
    }
    case 'consult':
      return { ...entry, consult: { ...entry.consult, to: secrets.mask(entry.consult.to) } };
    case 'command': {
      const { command } = entry;
      const shown = secrets.maskAll(command.arguments) as typeof command.arguments;
      return { ...entry, command: { ...command, arguments: shown } };
    }
    case 'state':
      return { ...entry, state: secrets.maskAll(entry.state) as typeof entry.state };
    case 'outcome':
      return { ...entry, outcome: secrets.maskAll(entry.outcome) as typeof entry.outcome };
    case 'warning':
      return { ...entry, detail: secrets.mask(entry.detail) };
    case 'started':
    case 'answered':
    case 'answered_by':
    case 'recording':
    case 'flow':
    case 'turn':
    case 'measured':
    case 'ended':
    case 'analysis': // Made of what is on the thread, which is masked.
      return entry;
    default:
      return entry satisfies never;
  }
}

function discreetMessage(message: Message, secrets: SecretDigits, keys: boolean): Message {
  switch (message.role) {
    case 'user': {
      const pressed = /^\[pressed ([0-9*#a-d]+)\]$/i.exec(message.content)?.[1];
      const content =
        keys && pressed !== undefined ? `[pressed ${masked(pressed)}]` : secrets.mask(message.content);
      return { ...message, content };
    }
    case 'assistant': {
      const content = secrets.mask(message.content, { cutShort: message.interrupted === true });
      if (!message.tool_calls) return { ...message, content };
      const tool_calls = message.tool_calls.map((call) => ({
        ...call,
        // A model makes up names, too.
        function: {
          name: secrets.mask(call.function.name),
          arguments: maskJson(call.function.arguments, secrets),
        },
      }));
      return { ...message, content, tool_calls };
    }
    case 'system':
      return { ...message, content: secrets.mask(message.content) };
    case 'tool':
      return {
        ...message,
        name: secrets.mask(message.name),
        content: maskJson(message.content, secrets),
      };
    default:
      return message satisfies never;
  }
}

function maskJson(text: string, secrets: SecretDigits): string {
  try {
    return JSON.stringify(secrets.maskAll(JSON.parse(text)));
  } catch {
    return secrets.mask(text); // A model's arguments need not be JSON.
  }
}

function replaced(
  text: string,
  runs: readonly Run[],
  isSecret: (run: Run, at: number, length: number) => boolean,
): string {
  let shown = '';
  let from = 0;
  for (const run of runs) {
    let at = 0;
    for (const { start, end, digits } of run.tokens) {
      if (isSecret(run, at, digits.length)) {
        shown += text.slice(from, start) + masked(digits);
        from = end;
      }
      at += digits.length;
    }
  }
  return shown + text.slice(from);
}

function textOf(text: string, token: { start: number; end: number } | undefined): string {
  return token ? text.slice(token.start, token.end) : '';
}
