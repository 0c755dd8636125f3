/** Whether this is `npm run harm`: the same tests as in `npm test`, but as often and as long as what they promise says, and with figures. */
export const LONG = process.env['HARM'] === '1';

/** How many there are of something, in the form that runs. */
export function count(forms: { readonly short: number; readonly long: number }): number {
  return LONG ? forms.long : forms.short;
}

/**
 * A line with what was measured, which the long form prints.
 *
 * @example figure('a call survives its worker', '97 of 100 heard the line within 4 s') // harm: a call survives its worker: 97 of 100 …
 */
export function figure(promise: string, measured: string): void {
  if (LONG) process.stdout.write(`harm: ${promise}: ${measured}\n`);
}
