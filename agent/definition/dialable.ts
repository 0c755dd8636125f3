import { AttendantError } from '../../base/errors.ts';
import { isEmergency, isShortCode } from './emergency.ts';
import type { Outbound } from './outbound.ts';

/** Who is to be called, as a stranger wrote it, in the one form that patterns are compared with. */
export type Target =
  /** E.164, with its plus. */
  | { readonly kind: 'number'; readonly number: string }
  | { readonly kind: 'address'; readonly uri: string; readonly user: string; readonly host: string };

const SEPARATORS = /[ ().-]/g;
/** The shortest subscriber numbers of the world have seven digits with their country's code (Niue); ITU-T E.164 allows 15. */
const NUMBER = /^\+[1-9][0-9]{6,14}$/;
/** No `*` and `#`: they switch features of a PBX. No `%`: what it hides is not compared. */
const ADDRESS =
  /^(sips?):(\+?[A-Za-z0-9][A-Za-z0-9._-]{0,63})@([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?((?:;transport=(?:udp|tcp|tls))?)$/i;

/** Undefined for what is neither an E.164 number nor a SIP address without headers and parameters of its own. */
export function targetOf(text: string): Target | undefined {
  const number = text.replace(/^tel:/i, '').replace(SEPARATORS, '');
  if (NUMBER.test(number)) return { kind: 'number', number };
  const [, scheme = '', user = '', host = '', port = '', parameters = ''] = ADDRESS.exec(text) ?? [];
  const portNumber = port === '' ? 1 : Number(port.slice(1));
  if (scheme === '' || portNumber < 1 || portNumber > 65_535) return undefined;
  const where = `${host}${port}`.toLowerCase();
  return {
    kind: 'address',
    user,
    host: where,
    uri: `${scheme.toLowerCase()}:${user}@${where}${parameters.toLowerCase()}`,
  };
}

/** What is compared: a number, or the user of an address, without what may be written between digits. */
function dialedOf(target: Target): string {
  const text = target.kind === 'number' ? target.number : target.user;
  return /^\+?[0-9().-]+$/.test(text) ? text.replace(SEPARATORS, '') : text;
}

/** `+4930*`, `+1555???????`: a digit for each `?`, whatever follows for a `*` at the end. */
const NUMBER_PATTERN = /^\+[1-9][0-9?]{0,14}\*?$/;
/** Also what is dialed without a plus: `0900*`, `107`. */
const DIALED_PATTERN = /^\+?[0-9][0-9?]{0,31}\*?$/;
/** `sip:*@pbx.example.com`, `sip:desk-*@192.0.2.10:5070`, `sip:desk@127.0.0.1:*`. */
const ADDRESS_PATTERN =
  /^sip:((?:\+?[A-Za-z0-9][A-Za-z0-9._-]{0,63}\*?)|\*)@([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5}|:\*)?$/i;

export const isNumberPattern = (pattern: string): boolean => NUMBER_PATTERN.test(pattern);
export const isDialedPattern = (pattern: string): boolean => DIALED_PATTERN.test(pattern);
export const isAddressPattern = (pattern: string): boolean => ADDRESS_PATTERN.test(pattern);

function fits(pattern: string, text: string): boolean {
  const open = pattern.endsWith('*');
  const fixed = open ? pattern.slice(0, -1) : pattern;
  if (open ? text.length < fixed.length : text.length !== fixed.length) return false;
  return Array.from(fixed).every(
    (sign, at) => sign === text[at] || (sign === '?' && /[0-9]/.test(text[at] ?? '')),
  );
}

function fitsAddress(pattern: string, target: Target): boolean {
  const [, user = '', host = '', port = ''] = ADDRESS_PATTERN.exec(pattern) ?? [];
  if (target.kind !== 'address' || user === '') return false;
  const [, named = '', at = ''] = /^(.*?)(:[0-9]{1,5})?$/.exec(target.host) ?? [];
  return host.toLowerCase() === named && (port === ':*' || port === at) && fits(user, target.user);
}

/** What is asked for: a call to somebody, by an agent. */
export interface Asked {
  readonly to: string;
  readonly trunk?: string | undefined;
  readonly caller_id?: string | undefined;
  readonly organization: string;
}

/** What may be dialed of it. */
export interface Permitted {
  /** As `targetOf` writes it. */
  readonly to: string;
  readonly trunk: string | undefined;
  readonly callerId: string | undefined;
}

/** Who is meant, if the patterns let it be dialed; else why not. An emergency number is never. */
export function withinPatterns(
  patterns: Pick<Outbound, 'allow' | 'never'>,
  to: string,
):
  | { readonly target: Target; readonly why?: undefined }
  | { readonly target?: undefined; readonly why: string } {
  const target = targetOf(to);
  if (!target) return { why: '`to` is neither a number like +15550123 nor an address like sip:user@host' };
  const dialed = dialedOf(target);
  if (isEmergency(dialed)) return { why: 'emergency numbers are never dialed' };
  const never = patterns.never.some((pattern) => fits(pattern, dialed) || fitsAddress(pattern, target));
  // Whoever allows `sip:*@host` does not mean the police of some country.
  const inFull = isShortCode(dialed);
  const allowed = patterns.allow.some((pattern) =>
    inFull && /[?*]/.test(pattern.replace(/:\*$/, ''))
      ? false
      : target.kind === 'number'
        ? fits(pattern, target.number)
        : fitsAddress(pattern, target),
  );
  return never || !allowed ? { why: 'not allowed' } : { target };
}

/**
 * What a definition lets this request dial. The API asks before it takes a call on, and the worker right before it dials.
 *
 * @throws AttendantError E_OUTBOUND_REFUSED
 */
export function permitted(agent: string, outbound: Outbound | undefined, asked: Asked): Permitted {
  const refuse = (why: string) => new AttendantError('E_OUTBOUND_REFUSED', why);
  if (!outbound) throw refuse(`the agent ${agent} makes no calls: its definition has no outbound section`);
  if (outbound.organizations && !outbound.organizations.includes(asked.organization))
    throw refuse(`the agent ${agent} makes no calls for this organization`);
  const { target, why } = withinPatterns(outbound, asked.to);
  if (!target) throw refuse(why === 'not allowed' ? `the agent ${agent} may not dial there` : why);
  if (asked.caller_id !== undefined && !outbound.caller_ids.includes(asked.caller_id))
    throw refuse(`the agent ${agent} has no such caller_id`);
  if (target.kind === 'address' && asked.trunk !== undefined)
    // A trunk would take the user of the address to its own host.
    throw refuse('an address is dialed straight: leave trunk out, or write a number');
  if (asked.trunk !== undefined && !outbound.trunks.includes(asked.trunk))
    throw refuse(`the agent ${agent} has no such trunk`);
  const trunk = target.kind === 'number' ? (asked.trunk ?? outbound.trunks[0]) : undefined;
  if (target.kind === 'number' && trunk === undefined) throw refuse('numbers need a trunk');
  const callerId = asked.caller_id ?? outbound.caller_ids[0];
  return { to: target.kind === 'number' ? target.number : target.uri, trunk, callerId };
}
