import type { ReceiveDtmfSettings } from '../definition/definition.ts';
import type { VoiceTool } from './tool.ts';

const DESCRIPTION =
  'Collects digits that the caller types on the telephone keypad. Say what to type before you call it. ' +
  'It ends when the number of digits is reached, when the caller presses pound, or when nothing comes any more; ' +
  'star clears what was typed and starts over. The digits may be partial or empty: look at ended_by.';

/**
 * receive_dtmf {digits?, min_digits?, timeout?, prompt?} → {digits, terminator, ended_by}. Seconds in the arguments.
 *
 * It collects from the moment of the call, while the agent still speaks, so that callers who know the prompt can type
 * ahead; the first key silences the agent. RFC 4733 events only: LiveKit SIP receives no others.
 */
export function receiveDtmf(settings: ReceiveDtmfSettings): VoiceTool {
  return {
    name: 'receive_dtmf',
    description: settings.description ?? DESCRIPTION,
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
    async run(args, line, utterance) {
      const { digits, min_digits, timeout, prompt } = args as {
        digits?: number;
        min_digits?: number;
        timeout?: number;
        prompt?: string;
      };
      const collection = line.collect({
        digits: digits ?? settings.digits,
        minDigits: min_digits,
        firstDigitTimeout: (timeout ?? settings.first_digit_timeout) * 1_000,
        interDigitTimeout: settings.inter_digit_timeout * 1_000,
      });
      const silent = async () => {
        await utterance.playedOut();
        if (prompt) await line.say(prompt);
        collection.agentFellSilent();
      };
      // A call that ends while the prompt plays is told by the collection's own result.
      const [result] = await Promise.all([collection.result, silent().catch(() => undefined)]);
      return { next: 'reply', content: { ...result } };
    },
  };
}
