import { z } from 'zod';
import { holidays, opening } from '../../agent/definition/routes/schema.ts';
import { callFields } from '../calls/place.ts';
import { line } from '../schemas.ts';

/** Callees of a list, and numbers that are not to be called, at most. */
export const MOST_CALLEES = 10_000;
const MOST_NEVER = 100_000;
const MINUTE = 60;
const DAY = 86_400;

const retry = z
  .strictObject({
    after: z
      .number()
      .min(1)
      .max(30 * DAY)
      .describe('Seconds from the end of the call until they are called again.'),
    times: z.int().min(1).max(10).describe('How often, after this result.'),
  })
  .optional();

const moment = z.iso.datetime({ offset: true, error: 'a time such as 2026-12-24T18:00:00+01:00' });

/** What a list says of all of its calls, in a file and in a request. */
const settingFields = {
  name: line(128).default('').describe('How people name it.'),
  agent: callFields.agent,
  trunk: callFields.trunk,
  caller_id: callFields.caller_id,
  headers: callFields.headers,
  ring_timeout: callFields.ring_timeout,
  pace: z
    .strictObject({
      at_once: z.int().min(1).max(1_000).default(5).describe('Calls that run at most.'),
      per_minute: z
        .int()
        .min(1)
        .max(10_000)
        .default(30)
        .describe('Calls that begin within a minute at most.'),
    })
    .prefault({}),
  retry: z
    .strictObject({ busy: retry, no_answer: retry, machine: retry, rejected: retry, failed: retry })
    .prefault({})
    .describe('After which result of a call there is another one. Without: after none.'),
  most_calls: z
    .int()
    .min(1)
    .max(50)
    .default(10)
    .describe('Calls to one callee at most, whatever they came to.'),
  hours: z
    .strictObject({
      time_zone: z
        .string()
        .min(1)
        .max(64)
        .default('UTC')
        .describe('Of callees without one of their own, as Europe/Berlin.'),
      hours: z.array(opening).min(1).max(50).describe('mon-fri 09:00-18:00; without days they hold on each.'),
      holidays,
    })
    .optional()
    .describe('When people are called, by their clocks; at any time without it.'),
  starts: moment.optional().describe('Nobody is called before; now unless said.'),
  expires: moment
    .optional()
    .describe('Nobody is called any more; seven days from the start unless said, thirty at most.'),
  stop_when: z
    .strictObject({
      called_back: z
        .boolean()
        .default(false)
        .describe('They called us, and were answered, since we first called them.'),
      outcome: z
        .record(z.string().min(1).max(64), z.union([z.string().max(512), z.number(), z.boolean()]))
        .refine((members) => Object.keys(members).length > 0, 'name at least one member')
        .optional()
        .describe('A call with them has all of this in its outcome.'),
    })
    .optional()
    .describe('Who is not called again, whatever the last call came to.'),
};

/** One who is to be called. */
export const calleeSchema = z.strictObject({
  to: callFields.to,
  uid: callFields.uid,
  vars: callFields.vars,
  time_zone: z.string().min(1).max(64).optional().describe('in place of that of `hours`'),
});
export type AskedCallee = z.output<typeof calleeSchema>;

/** What `POST /lists` takes. */
export const listSchema = z.strictObject({
  ...settingFields,
  callees: z.array(calleeSchema).min(1).max(MOST_CALLEES),
  do_not_call: z
    .array(z.string().max(320))
    .max(MOST_NEVER)
    .default([])
    .describe('Numbers that are left out.'),
});
export type AskedList = z.output<typeof listSchema>;

/** What a list's file says: the settings, and where the callees are. */
export const fileSchema = z.strictObject({
  ...settingFields,
  callees: z.string().min(1).max(1_024).describe('The CSV file of the callees, beside this one.'),
  do_not_call: z
    .string()
    .min(1)
    .max(1_024)
    .optional()
    .describe('A file of numbers that are left out, one a line.'),
});

/** Seconds that a list lasts unless it says otherwise, and at most. */
export const LASTS = { usual: 7 * DAY, most: 30 * DAY, least: MINUTE };
