import { AttendantError } from '../../base/errors.ts';
import type { Destination } from '../definition/definition.ts';
import { type Values, valuesSchema } from '../definition/values.ts';
import type { JsonObject, VoiceTool } from './tool.ts';

const HANDOVER = 'What they are to know about this call, in a few words.';

/**
 * transfer_call {to, handover?} → {status, cause, code, sip_status, method, to, seconds, handover?}, and `attempts` where there was more than one. `to` is an enum
 * of the definition's destinations: the model can never dial what the definition does not list.
 *
 * @param settings.handover what the model is to say of the call, for the headers of the destinations and the thread.
 * @param settings.destinations already rendered, by their names.
 */
export function transferCall(settings: {
  description?: string | undefined;
  handover: Values;
  destinations: ReadonlyMap<string, Destination>;
}): VoiceTool {
  const { destinations } = settings;
  const asks = Object.keys(settings.handover).length > 0;
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
      properties: {
        to: { type: 'string', enum: uris, description: 'Where to.' },
        ...(asks
          ? { handover: { ...valuesSchema(settings.handover, { required: true }), description: HANDOVER } }
          : {}),
      },
      required: [...(uris.length > 1 ? ['to'] : []), ...(asks ? ['handover'] : [])],
      additionalProperties: false,
    },
    async run(args, line, utterance) {
      const uri = (args['to'] as string | undefined) ?? uris[0];
      const to = uri === undefined ? undefined : offered.get(uri);
      if (to === undefined)
        throw new AttendantError('E_DESTINATION_UNKNOWN', 'that is not a destination of this agent');
      const playedOut = () => utterance.playedOut();
      const { handover } = args as { handover?: JsonObject };
      const { last, attempts } = await line.transfer({
        to,
        destinations,
        playedOut,
        ...(handover ? { handover } : {}),
      });
      const content = { ...last, ...(attempts.length > 1 ? { attempts } : {}) };
      if (last.status !== 'completed') return { next: 'reply', content };
      line.end({ result: 'transferred', reason: 'transfer_call' });
      return { next: 'silent', content };
    },
  };
}
