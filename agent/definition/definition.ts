import { z } from 'zod';
import { analysis } from './analysis.ts';
import { character } from './character.ts';
import { type Code, code } from './code.ts';
import { name, seconds, sentence, straight, tool } from './fields.ts';
import { flows, stepName } from './flows/schema.ts';
import { greeting } from './greeting.ts';
import { handoff } from './handoff.ts';
import { httpTools } from './http-tool.ts';
import { limits } from './limits.ts';
import { mcpServers } from './mcp.ts';
import { models } from './models.ts';
import { outbound } from './outbound.ts';
import { receiveDtmf } from './receive-dtmf.ts';
import { recording } from './recording.ts';
import { routes } from './routes/schema.ts';
import { trouble } from './trouble.ts';
import { vad } from './vad.ts';
import { valueName, values } from './values.ts';

const sendDtmf = z.strictObject({
  ...tool,
  then: z
    .enum(['reply', 'listen'])
    .default('reply')
    .describe(
      'What the agent does when the keys are pressed: speaks (reply), or waits for what the far end says (listen).',
    ),
});

/** What only an INVITE of our own takes; a REFER sends none. */
const invite = {
  caller_id: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe("Number or user that the callee sees as the caller; else the caller's own. Template."),
  display_name: z.string().min(1).max(128).optional().describe('Name that the callee sees. Template.'),
  trunk: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('Name of an outbound trunk; without one the address is dialed straight.'),
  ...straight,
  hold_music: z
    .boolean()
    .optional()
    .describe('What the caller hears meanwhile: music (true, the default) or a ringback tone (false).'),
};

const address = z.string().min(1).max(512).describe('SIP URI, tel: URI or E.164 number. Template.');

const destination = z.strictObject({
  to: address,
  description: sentence.describe('When to transfer there; the model chooses by it.'),
  method: z
    .enum(['refer', 'bridge', 'warm'])
    .default('refer')
    .describe(
      'refer: the PBX is told to call there, and the call leaves us. bridge: we call there, and both stay in the room. warm: likewise, after the callee was told about the caller and takes the call.',
    ),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe('Headers of the REFER or INVITE, by name. Their values are templates.'),
  ring_timeout: seconds.default(30).describe('Seconds until an attempt counts as no answer.'),
  ...invite,
  accept: z
    .string()
    .regex(/^[0-9*#]$/, 'a key')
    .optional()
    .describe('Key with which the callee takes a warm transfer; 1 unless set.'),
  introduce: sentence
    .optional()
    .describe(
      'What the agent says to both when a warm transfer was taken, before it leaves them alone. Template.',
    ),
  fallback: z
    .array(name)
    .max(5)
    .default([])
    .describe('Names of destinations that are tried in this order when this one fails.'),
});

const transferCall = z.strictObject({
  ...tool,
  handover: values
    .default({})
    .describe(
      'What the model says of the call when it transfers: each value by its name, in the words of JSON Schema. {{handover.…}} in the headers of destinations.',
    ),
  destinations: z
    .record(name, destination)
    .refine((all) => Object.keys(all).length > 0, 'list at least one destination')
    .describe('Where calls may go, by a name of your choice. The model can dial nothing else.'),
});

const consultDestination = z.strictObject({
  to: address,
  description: sentence.describe('When to call there; the model chooses by it.'),
  agent: name.describe('The agent that talks there, by its name; its tools are those of its own definition.'),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe('Headers of the INVITE, by name. Their values are templates.'),
  ring_timeout: seconds.default(30).describe('Seconds until the call counts as no answer.'),
  ...invite,
  store: z
    .record(valueName, z.string().min(1).max(256))
    .default({})
    .describe('What is kept of its outcome: names of state, and dotted paths into the outcome.'),
});

const consultCall = z.strictObject({
  ...tool,
  destinations: z
    .record(name, consultDestination)
    .refine((all) => Object.keys(all).length > 0, 'list at least one destination')
    .describe('Whom the agent may call aside, by a name of your choice. The model can dial nothing else.'),
});

const endDialog = z.strictObject({
  ...tool,
  outcome: z
    .record(z.string(), z.unknown())
    .default({ type: 'object', properties: {} })
    .describe('JSON Schema (draft-07) of the outcome: the parameters of the tool.'),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      'Headers of the BYE, by name: what the PBX is told of the call. Their values are templates, with {{outcome.…}} and {{state.…}} besides.',
    ),
});

const setState = z.strictObject({
  ...tool,
  names: z.array(valueName).min(1).max(32).describe('The values of state that the model may set.'),
});

/**
 * One agent, as its YAML file says it (agent/definitions/*.yaml). Seconds in YAML and tool arguments.
 */
export const definitionSchema = z.strictObject({
  $schema: z.string().optional(),
  name: name.describe('How rules and callers (sip:<name>@host) name the agent.'),
  description: z.string().max(500).default('').describe('For people; the model does not see it.'),
  models,
  ...character,
  greeting,
  instructions: z
    .string()
    .min(1)
    .max(64_000)
    .describe('What the model is told. Template; notes that came with the call are appended as quoted data.'),
  on_enter: sentence.optional().describe('Said before the greeting. Template.'),
  on_exit: sentence
    .optional()
    .describe('Said before the agent leaves the call by end_dialog or transfer_call. Template.'),
  code,
  variables: z
    .record(z.string(), z.string())
    .default({})
    .describe('Defaults of {{vars.…}}; the x-vars of a call win.'),
  state: values
    .default({})
    .describe(
      'What is collected in a call: each value by its name, in the words of JSON Schema. Tools set it; {{state.…}} in what is said and sent later.',
    ),
  flow: stepName.optional().describe('The step of flows that calls begin in; the first unless set.'),
  flows,
  tools: z
    .strictObject({
      receive_dtmf: receiveDtmf.optional(),
      send_dtmf: sendDtmf.optional(),
      set_state: setState.optional(),
      consult_call: consultCall.optional(),
      transfer_call: transferCall.optional(),
      end_dialog: endDialog.optional(),
      http: httpTools.optional(),
      mcp: mcpServers.optional(),
    })
    .prefault({}),
  turns: z
    .strictObject({
      pause: z
        .number()
        .min(0.3)
        .max(20)
        .optional()
        .describe(
          'Seconds of silence that end a turn of the other side. Unset, a model listens for its end, within 0.3 to 2.5 seconds; machines that read out menus pause longer.',
        ),
      vad,
    })
    .prefault({}),
  limits,
  overflow: z
    .string()
    .optional()
    .describe(
      'Name of the transfer_call destination that callers are put through to when no worker has a place for them; else they get busy (486).',
    ),
  recording,
  trouble,
  outbound,
  handoff: handoff.describe('Where functions of the code may hand the caller over to; without it nowhere.'),
  analysis: analysis
    .optional()
    .describe('What a chat model is asked about each call when it is over; without this nothing.'),
  routes,
});

export type Definition = z.infer<typeof definitionSchema>;
export type Destination = z.infer<typeof destination>;
export type ConsultDestination = z.infer<typeof consultDestination>;
/** What dialing a destination takes. */
export type Reachable = Pick<
  Destination,
  | 'to'
  | 'headers'
  | 'ring_timeout'
  | 'caller_id'
  | 'display_name'
  | 'trunk'
  | 'auth'
  | 'transport'
  | 'from_host'
>;

/** A definition as loaded, with the version that every thread of it records. */
export interface LoadedDefinition {
  readonly definition: Definition;
  /** `sha256:` + hex of the file's text, and of its code's. */
  readonly version: string;
  readonly text: string;
  readonly file: string;
  readonly code?: Code | undefined;
}
