/** RFC 3261 section 25.1: user, without the password that it advises against. */
const USER = String.raw`(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|%[0-9A-Fa-f]{2})+`;
const HOST = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9\-.]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])`;
const PARAMETER = String.raw`(?:;[A-Za-z0-9\-_.!~*'%+]{1,64}(?:=[A-Za-z0-9\-_.!~*'()%+:\[\]/&$]{1,128})?)`;
const SIP = new RegExp(`^sips?:(?:${USER}@)?${HOST}(?::([0-9]{1,5}))?${PARAMETER}{0,8}$`, 'i');
/** RFC 3966: a global number, or a local one, which most PBXs take without its phone-context. */
const TEL = new RegExp(String.raw`^tel:\+?[0-9*#](?:[0-9*#().\-]{0,31}[0-9*#])?${PARAMETER}{0,8}$`, 'i');
/** E.164 (with its plus), or an extension of the PBX. */
const NUMBER = /^\+?[0-9]{2,15}$/;

/**
 * An address that a call may be transferred to, as a URI: a number becomes a tel: URI. Undefined for anything else, so also for one that holds
 * headers (`?Replaces=…`), a second address or a line break: with values from outside in it, it would go where nobody meant it to.
 */
export function destinationUri(text: string): string | undefined {
  if (text.length > 512) return undefined;
  if (NUMBER.test(text)) return `tel:${text}`;
  if (TEL.test(text)) return text;
  const sip = SIP.exec(text);
  if (!sip) return undefined;
  const port = sip[1] === undefined ? 1 : Number(sip[1]);
  return port >= 1 && port <= 65_535 ? text : undefined;
}
