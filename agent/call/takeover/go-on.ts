import type { ChosenAgent } from '../agent.ts';
import type { Ending } from '../ending.ts';
import type { Interjections } from '../interjections.ts';
import type { Patience } from '../patience.ts';
import type { PutThrough } from '../put-through.ts';
import type { Voice } from '../voice.ts';
import { isAgentsTurn } from './history.ts';
import { GO_ON, type Resumed } from './resumed.ts';

/** One line in place of a greeting, and the conversation goes on where it was: with the transfer that was under way, or a word of the model's. */
export async function goOn(
  { transfer, unnoticed, thread }: Resumed,
  call: {
    agent: Pick<ChosenAgent, 'definition'>;
    patience: Pick<Patience, 'begin'>;
    interjections: Pick<Interjections, 'say'>;
    voice: Pick<Voice, 'reply'>;
    putThrough: Pick<PutThrough, 'again'>;
    ending: Ending;
    answered: Promise<void>;
  },
): Promise<void> {
  const { agent, patience, interjections, voice, putThrough, ending, answered } = call;
  patience.begin();
  await ending.unlessEnded(answered);
  if (!unnoticed) await interjections.say(agent.definition.trouble.resumed, 'resumed');
  if (ending.begun.aborted) return;
  if (transfer) void putThrough.again(transfer.name);
  else if (!unnoticed) voice.reply({ instructions: GO_ON });
  else if (isAgentsTurn(thread)) voice.reply({});
}
