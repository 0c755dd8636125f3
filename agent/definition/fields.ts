import { z } from 'zod';

/** Fields that several parts of a definition have. */
export const sentence = z.string().min(1).max(4_000);
export const seconds = z.number().positive().max(3_600);
export const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens');
/** Name of an HTTP header. RFC 9110 section 5.1: token. */
export const HTTP_HEADER = /^[A-Za-z0-9\-.!#$%&*+^_`|~']{1,128}$/;
/** Of the environment. */
export const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'a name of a variable');
/** Words or phrases that are listened for. */
export const words = z.array(z.string().min(1).max(100)).min(1).max(50).optional();

export const tool = {
  enabled: z.boolean().default(true),
  description: sentence
    .optional()
    .describe('What the model is told about the tool, in place of our own words.'),
};

/** How an address is dialed that no trunk leads to. */
export const straight = {
  auth: z
    .strictObject({
      user_env: variable.describe('Variable of the environment with the user.'),
      password_env: variable.describe('Variable of the environment with the password.'),
    })
    .optional()
    .describe('Digest credentials for an address that is dialed straight.'),
  transport: z.enum(['udp', 'tcp', 'tls']).optional().describe('Towards an address that is dialed straight.'),
  from_host: z
    .string()
    .regex(/^[A-Za-z0-9.\-:[\]]{1,253}$/, 'a host')
    .optional()
    .describe('Host of the From address, where the far end asks for one.'),
};
