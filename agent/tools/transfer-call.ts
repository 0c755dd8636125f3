import { AttendantError } from '../../base/errors.ts';
import type { Destination } from '../definition/definition.ts';
import type { VoiceTool } from './tool.ts';

/**
 * transfer_call {to} → {status, cause, code, sip_status, method, to, seconds}, and `attempts` where there was more than one. `to` is an enum
 * of the definition's destinations: the model can never dial what the definition does not list.
 *
 * @param destinations already rendered, by their names.
 */
export function transferCall(settings: {
  description?: string | undefined;
  destinations: ReadonlyMap<string, Destination>;
}): VoiceTool {
  const { destinations } = settings;
  // Of several ways to one address the first is offered; the others are its fallbacks.
  const offered = new Map<string, string>();
  for (const [name, { to }] of destinations) if (!offered.has(to)) offered.set(to, name);
  const uris = [...offered.keys()];
  const list = [...offered]
    .map(([uri, name]) => `${uri}: ${destinations.get(name)?.description ?? ''}`)
    .join('\n');
  return {
    name: 'transfer_call',
    oneAtATime: 'E_TRANSFER_RUNNING',
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
      const uri = (args['to'] as string | undefined) ?? uris[0];
      const to = uri === undefined ? undefined : offered.get(uri);
      if (to === undefined)
        throw new AttendantError('E_DESTINATION_UNKNOWN', 'that is not a destination of this agent');
      const playedOut = () => utterance.playedOut();
      const { last, attempts } = await line.transfer({ to, destinations, playedOut });
      const content = { ...last, ...(attempts.length > 1 ? { attempts } : {}) };
      if (last.status !== 'completed') return { next: 'reply', content };
      line.end({ result: 'transferred', reason: 'transfer_call' });
      return { next: 'silent', content };
    },
  };
}
