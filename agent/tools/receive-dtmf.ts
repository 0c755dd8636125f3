import type { ReceiveDtmfSettings } from '../definition/receive-dtmf.ts';
import type { DigitCollection } from '../../threads/entry.ts';
import { masked } from '../../threads/secret-digits.ts';
import { type Answer, Confirmation } from './confirmation.ts';
import type { CollectionRequest, JsonObject, Line, ToolResult, Utterance, VoiceTool } from './tool.ts';

const DESCRIPTION =
  'Collects digits that the caller types on the telephone keypad. Say what to type before you call it. ' +
  'It ends when the number of digits is reached, when the caller presses pound, or when nothing comes any more; ' +
  'star clears what was typed and starts over. The digits may be partial or empty: look at ended_by.';
const CONFIRMS =
  ' The tool reads the digits back itself and asks the caller whether they are right: do not read them back. Only with confirmed true are they right.';
const REFERS =
  ' You are not told the digits. Where confirmed is true there is a reference: give it to a tool that needs the number, and never to the caller.';

interface Arguments {
  readonly digits?: number;
  readonly min_digits?: number;
  readonly timeout?: number;
  readonly prompt?: string;
}

/**
 * receive_dtmf {digits?, min_digits?, timeout?, prompt?} → {digits, terminator, ended_by, confirmed?, reference?}. Seconds in the arguments.
 *
 * It collects from the moment of the call, while the agent still speaks, so that callers who know the prompt can type
 * ahead; the first key silences the agent. RFC 4733 events only: LiveKit SIP receives no others.
 *
 * @param call the language that is spoken, and the call's values for templates.
 */
export function receiveDtmf(
  settings: ReceiveDtmfSettings,
  call: { language: string; render: (template: string) => string },
): VoiceTool {
  const confirmation = settings.confirm
    ? new Confirmation({ settings: settings.confirmation, sensitive: settings.sensitive, ...call })
    : undefined;
  return {
    name: 'receive_dtmf',
    description:
      (settings.description ?? DESCRIPTION) +
      (settings.confirm ? CONFIRMS : '') +
      (settings.to_model === 'masked' ? REFERS : ''),
    parameters: {
      type: 'object',
      properties: {
        digits: {
          type: 'integer',
          minimum: 1,
          maximum: 64,
          description: 'How many digits to wait for, where it is known.',
        },
        min_digits: {
          type: 'integer',
          minimum: 1,
          maximum: 64,
          description: 'How many digits there are at least.',
        },
        timeout: {
          type: 'number',
          minimum: 1,
          maximum: 120,
          description: 'Seconds to wait for the first digit.',
        },
        prompt: {
          type: 'string',
          maxLength: 500,
          description: 'A sentence to say first, where you have not said it.',
        },
      },
      additionalProperties: false,
    },
    run(args, line, utterance) {
      // From before our own prompt until the digits are confirmed: they are read back aloud.
      const collected = () => collectAll(args, line, utterance);
      return settings.sensitive ? line.unrecorded(collected) : collected();
    },
  };

  async function collectAll(args: JsonObject, line: Line, utterance: Utterance): Promise<ToolResult> {
    const { digits, min_digits, timeout, prompt } = args as Arguments;
    const request: CollectionRequest = {
      digits: digits ?? settings.digits,
      minDigits: min_digits,
      firstDigitTimeout: (timeout ?? settings.first_digit_timeout) * 1_000,
      interDigitTimeout: settings.inter_digit_timeout * 1_000,
    };
    if (!confirmation) {
      const collection = await collect(line, request, {
        prompt,
        utterance,
        onEnd: (c) => line.collected(c),
      });
      return told(collection, settings, line, { isRight: isComplete(collection, request) });
    }
    const collection = await confirmed(confirmation, line, request, { prompt, utterance });
    return told(collection, settings, line, { isRight: collection.confirmed === true });
  }
}

/** Collects and asks, until the caller says yes, or no as often as is bearable, or neither. */
async function confirmed(
  confirmation: Confirmation,
  line: Line,
  request: CollectionRequest,
  before: { prompt: string | undefined; utterance: Utterance },
): Promise<DigitCollection> {
  for (let tries = 1; ; tries++) {
    const first = tries === 1 ? before : { prompt: confirmation.again };
    const collection = await collect(line, request, { anew: tries > 1, ...first });
    const answer = isComplete(collection, request)
      ? await confirmation.ask(line, collection.digits)
      : undefined;
    const judged = { ...collection, ended_by: endOf(collection, answer), confirmed: answer === 'yes' };
    line.collected(judged);
    if (answer !== 'no' || tries === confirmation.tries) return judged;
  }
}

async function collect(
  line: Line,
  request: CollectionRequest,
  options: {
    prompt: string | undefined;
    utterance?: Utterance;
    anew?: boolean;
    onEnd?: (collection: DigitCollection) => void;
  },
): Promise<DigitCollection> {
  const { prompt, utterance, anew = false, onEnd = () => undefined } = options;
  const collection = line.collect(request);
  const silent = async () => {
    await utterance?.playedOut();
    if (prompt) await line.say(prompt, { anew });
    collection.agentFellSilent();
  };
  const ended = collection.result.then((result) => {
    onEnd(result);
    return result;
  });
  // A call that ends while the prompt plays is told by the collection's own result.
  const [result] = await Promise.all([ended, silent().catch(() => undefined)]);
  return result;
}

/** Whether it makes sense to ask about it: half a number is wrong for sure. */
function isComplete({ digits, ended_by }: DigitCollection, request: CollectionRequest): boolean {
  if (ended_by === 'speech' || ended_by === 'hangup') return false;
  return digits.length >= Math.max(1, request.digits ?? request.minDigits ?? 1);
}

/** How it ended, the answer included: words that are no answer end it as speech, and so on. */
function endOf({ ended_by }: DigitCollection, answer: Answer | undefined): DigitCollection['ended_by'] {
  switch (answer) {
    case 'other':
      return 'speech';
    case 'silence':
      return 'timeout';
    case 'gone':
      return 'hangup';
    case 'yes':
    case 'no':
    case undefined:
      return ended_by;
    default:
      return answer satisfies never;
  }
}

/** The result for the model, and what of it the thread may know. Digits that are right are kept in the call's state. */
function told(
  collection: DigitCollection,
  settings: ReceiveDtmfSettings,
  line: Line,
  { isRight }: { isRight: boolean },
): ToolResult {
  const { store_as, sensitive, to_model } = settings;
  const fault =
    isRight && store_as !== undefined
      ? line.remember({ [store_as]: collection.digits }, { secret: sensitive })
      : undefined;
  const note = fault === undefined ? {} : { note: `Not kept: ${fault}` };
  const plain = { ...collection, ...note };
  if (!sensitive) return { next: 'reply', content: plain };
  const recorded = { ...plain, digits: masked(collection.digits) };
  if (to_model !== 'masked') return { next: 'reply', content: plain, recorded };
  const reference = collection.confirmed ? { reference: line.reference(collection.digits) } : {};
  return { next: 'reply', content: { ...recorded, ...reference } };
}
