import { AttendantError } from '../../base/errors.ts';
import type { Destination } from '../definition/definition.ts';
import type { VoiceTool } from './tool.ts';

/**
 * transfer_call {to} → {status, cause, code, sip_status, method, to, seconds}. `to` is an enum of the definition's
 * destinations: the model can never dial what the definition does not list.
 *
 * @param destinations already rendered, by the URI that the model is shown.
 */
export function transferCall(settings: {
  description?: string | undefined;
  destinations: ReadonlyMap<string, Destination>;
}): VoiceTool {
  const uris = [...settings.destinations.keys()];
  const list = [...settings.destinations]
    .map(([uri, { description }]) => `${uri}: ${description}`)
    .join('\n');
  return {
    name: 'transfer_call',
    description:
      (settings.description ??
        'Transfers the caller to a person. Say first that you transfer and why, then call it; the sentence is finished before the transfer begins. ' +
          'If it fails you are told how, and still have the caller.') + `\nDestinations:\n${list}`,
    parameters: {
      type: 'object',
      properties: { to: { type: 'string', enum: uris, description: 'Where to.' } },
      required: uris.length > 1 ? ['to'] : [],
      additionalProperties: false,
    },
    async run(args, line, utterance) {
      const to = (args['to'] as string | undefined) ?? uris[0];
      const destination = to === undefined ? undefined : settings.destinations.get(to);
      if (!destination)
        throw new AttendantError('E_DESTINATION_UNKNOWN', 'that is not a destination of this agent');
      await utterance.playedOut();
      const attempt = await line.transfer(destination);
      if (attempt.status !== 'completed') return { next: 'reply', content: { ...attempt } };
      line.end({ result: 'transferred', reason: 'transfer_call' });
      return { next: 'silent', content: { ...attempt } };
    },
  };
}
