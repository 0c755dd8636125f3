import { z } from 'zod';
import { name } from '../fields.ts';
import { greeting } from '../greeting.ts';
import { valueName } from '../values.ts';

const pattern = z.string().max(256);
/** One pattern or several, of which one has to fit. */
export const patterns = z.union([pattern, z.array(pattern).min(1).max(1_000)]);
export const PATTERN =
  '* stands for any characters, ? for one; letters of either case are the same. A list fits where one of it does.';
const days = z
  .string()
  .regex(/^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$/i, 'mon, or mon-fri');
const times = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'hours such as 08:00-18:00');
/** Hours in which something is open: `mon-fri 08:00-18:00`, or `22:00-06:00` on each day. */
export const opening = z
  .string()
  .regex(
    /^((mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))? )?([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/i,
    'hours such as mon-fri 08:00-18:00',
  );

export const holidays = z
  .array(
    z
      .string()
      .regex(
        /^(\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
        'a day such as 2026-12-25, or 12-25 for each year',
      ),
  )
  .max(1_000)
  .default([])
  .describe('Days as 2026-12-25, or 12-25 for each year.');

export const when = z.strictObject({
  caller: patterns
    .optional()
    .describe(`Who calls: number or user; anonymous where it is withheld. ${PATTERN}`),
  dialed: patterns.optional().describe(`What was dialed. ${PATTERN}`),
  trunk: patterns.optional().describe(`LiveKit's id of the trunk that the call came by. ${PATTERN}`),
  headers: z
    .record(z.string(), patterns)
    .optional()
    .describe(`Headers of the INVITE, by name; one that is missing fits nothing. ${PATTERN}`),
  vars: z
    .record(z.string(), patterns)
    .optional()
    .describe(`Variables of the call (x-vars) or the definition, by name. ${PATTERN}`),
  open: name.optional().describe('Name of hours: the call comes within them, and on no holiday.'),
  closed: name.optional().describe('Name of hours: the call comes outside of them, or on a holiday.'),
  weekdays: z.array(days).min(1).max(7).optional().describe('Days of the week: mon, or mon-fri.'),
  time: times.optional().describe('Time of day, as 08:00-18:00; 22:00-06:00 goes over midnight.'),
  holiday: z.boolean().optional().describe('Whether the day is one of the holidays.'),
});

const rule = z
  .strictObject({
    name: name.describe('How the log, the thread and `attendant route` name it.'),
    when: when.prefault({}).describe('All of it has to hold; without any the rule always fits.'),
    agent: name.optional().describe('The agent that answers instead of this one.'),
    transfer: name
      .optional()
      .describe(
        "Destination of tools.transfer_call that the caller is transferred to after this rule's greeting, without being asked.",
      ),
    refuse: z.literal(true).optional().describe('The call is not answered: the caller gets busy (486).'),
    greeting: greeting.optional().describe("In place of the agent's own."),
    vars: z
      .record(z.string(), z.string().max(2_048))
      .default({})
      .describe('{{vars.…}} for this call; those of the call win.'),
    flow: name
      .optional()
      .describe('The step of the flows of the agent that answers, in which the call begins.'),
    state: z
      .record(valueName, z.union([z.string().max(2_048), z.number(), z.boolean()]))
      .default({})
      .describe('State of the agent that answers, as the call begins with it. Texts are templates.'),
  })
  .refine(
    ({ agent, transfer, refuse }) => [agent, transfer, refuse].filter((one) => one !== undefined).length <= 1,
    'only one of agent, transfer and refuse',
  );

/** Which agent answers a call, and how, before anyone speaks. */
export const routes = z
  .strictObject({
    time_zone: z.string().min(1).max(64).default('UTC').describe('Of all times here, as Europe/Berlin.'),
    holidays,
    hours: z
      .record(name, z.array(opening).min(1).max(50))
      .default({})
      .describe('Opening hours by name: mon-fri 08:00-18:00; without days they hold on each.'),
    rules: z
      .array(rule)
      .max(500)
      .default([])
      .describe('The first that fits decides; where none does, this agent answers.'),
  })
  .prefault({})
  .describe(
    'Rules for calls that come to this agent. An agent that a rule names answers by itself: its own rules are not asked.',
  );

export type Routes = z.infer<typeof routes>;
export type Rule = Routes['rules'][number];
