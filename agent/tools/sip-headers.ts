import { piecesOf, plainText } from '../definition/template.ts';

/** Characters of a value: all headers of a request have to fit into one UDP packet. */
const MOST_VALUE = 512;

/** Headers that are no templates: bounded, each on a line of its own, and without those for which there is nothing. */
export function plainHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const plain = Object.entries(headers).map(
    ([name, value]) => [name, plainText(value, MOST_VALUE).trim()] as const,
  );
  return Object.fromEntries(plain.filter(([, value]) => value !== ''));
}

/**
 * The headers of a REFER, an INVITE or a BYE from their templates. A value begins no line of its own and is bounded; a header for which there is
 * nothing is left out.
 */
export function sipHeaders(
  templates: Readonly<Record<string, string>>,
  render: (template: string) => string,
): Record<string, string> {
  const filled = Object.entries(templates).map(([name, template]) => {
    const value = piecesOf(template).map((piece) =>
      'text' in piece ? piece.text : plainText(render(`{{${piece.variable}}}`), MOST_VALUE),
    );
    return [name, value.join('').trim()] as const;
  });
  return Object.fromEntries(filled.filter(([, value]) => value !== ''));
}
