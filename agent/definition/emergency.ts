/** Numbers of emergency services that no PBX gives to anybody else. */
const EMERGENCY =
  '112|911|999|000|110|111|113|114|115|117|118|119|120|122|133|144|155|158|166|190|191|192|193|194|195|197|198|199|988|991|993|994|995|997|998|15|17|18';
/** By themselves, behind a digit for an outside line, or behind a country's code. */
const TO_EMERGENCY = new RegExp(`^(?:\\+[0-9]{1,3}|00[0-9]{0,3}|[01789])?(?:${EMERGENCY})$`);
/**
 * The police, the fire brigade or a doctor in one country (100 to 109 in India, Ukraine, Israel, Greece, Hungary …), a service of the carrier in the next,
 * and an extension at many a PBX: two or three digits that begin with a 1.
 */
const SHORT_CODE = /^(?:\+[0-9]{1,3})?1[0-9]{1,2}$/;

/** What may be written between digits, or hide them. */
const SEPARATORS = /[ ().\-_!~*']/g;

/** The digits of a number, or of the user of an address; undefined where they are no digits. */
function digitsOf(address: string): string | undefined {
  const user = address.replace(/^(?:tel|sips?):/i, '').replace(/[@:;?].*$/, '');
  let text = user;
  try {
    text = decodeURIComponent(user);
  } catch {
    // Then it is no number either.
  }
  const digits = text.replace(SEPARATORS, '');
  return /^\+?[0-9]+$/.test(digits) ? digits : undefined;
}

/** Whether a number or an address (`tel:…`, `sip:…`, or a user by itself) calls an emergency service. No agent ever dials one. */
export function isEmergency(address: string): boolean {
  return TO_EMERGENCY.test(digitsOf(address) ?? '');
}

/** Whether it may be an emergency service's, depending on where one is: dialed only where somebody has written it out, never by a pattern or from a template. */
export function isShortCode(address: string): boolean {
  return SHORT_CODE.test(digitsOf(address) ?? '');
}
