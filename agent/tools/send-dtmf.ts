import { KEYS_PATTERN } from '../../threads/command.ts';
import type { VoiceTool } from './tool.ts';

const DESCRIPTION =
  'Presses keys on the line, to work through the menu of an automated system. w waits half a second before the next key.';

/**
 * send_dtmf {digits} → {"sent": "1w2"}. RFC 4733 events, 250 ms each with 250 ms between (LiveKit SIP). With `then: listen` the model is asked
 * again only when the other side has spoken: it would talk over the machine that it works with.
 */
export function sendDtmf(settings: {
  description?: string | undefined;
  then: 'reply' | 'listen';
}): VoiceTool {
  return {
    name: 'send_dtmf',
    description: settings.description ?? DESCRIPTION,
    parameters: {
      type: 'object',
      properties: {
        digits: {
          type: 'string',
          pattern: KEYS_PATTERN.source,
          description: '0-9, *, #, A-D, and w to wait.',
        },
      },
      required: ['digits'],
      additionalProperties: false,
    },
    async run(args, line, utterance) {
      const { digits } = args as { digits: string };
      await utterance.playedOut();
      await line.press(digits);
      return { next: settings.then === 'listen' ? 'silent' : 'reply', content: { sent: digits } };
    },
  };
}
