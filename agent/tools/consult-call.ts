import { AttendantError } from '../../base/errors.ts';
import type { ConsultDestination } from '../definition/definition.ts';
import { chosen } from './chosen.ts';
import type { VoiceTool } from './tool.ts';

const DESCRIPTION =
  'Calls somebody else aside to find something out, while the caller waits with music and is not heard there: another of your kind talks or ' +
  'presses keys there and comes back with what it found. Tell the caller first that it takes a moment. It can take some minutes.';

/**
 * consult_call {to, ask} → {status, cause, code, sip_status, to, seconds, outcome?, heard?}. `to` is an enum of the definition's destinations:
 * the model can never dial what the definition does not list.
 *
 * @param destinations already rendered, by their names.
 */
export function consultCall(settings: {
  description?: string | undefined;
  destinations: ReadonlyMap<string, ConsultDestination>;
}): VoiceTool {
  const offered = new Map<string, ConsultDestination>();
  for (const destination of settings.destinations.values())
    if (!offered.has(destination.to)) offered.set(destination.to, destination);
  const uris = [...offered.keys()];
  const list = [...offered].map(([uri, { description }]) => `${uri}: ${description}`).join('\n');
  return {
    name: 'consult_call',
    description: `${settings.description ?? DESCRIPTION}\nDestinations:\n${list}`,
    parameters: {
      type: 'object',
      properties: {
        to: { type: 'string', enum: uris, description: 'Whom to call.' },
        ask: {
          type: 'string',
          minLength: 1,
          maxLength: 2_000,
          description:
            'What is to be found out there, with all that is needed for it, e.g. the order number.',
        },
      },
      required: uris.length > 1 ? ['to', 'ask'] : ['ask'],
      additionalProperties: false,
    },
    async run(args, line, utterance) {
      const { to = uris[0] ?? '', ask } = args as { to?: string; ask: string };
      const destination = offered.get(to);
      if (!destination)
        throw new AttendantError('E_DESTINATION_UNKNOWN', 'that is not a destination of this agent');
      const result = await line.consult({ destination, ask, playedOut: () => utterance.playedOut() });
      const stored = chosen(result.outcome, destination.store);
      if (Object.keys(stored).length > 0) line.remember(stored);
      return { next: 'reply', content: { ...result } };
    },
  };
}
