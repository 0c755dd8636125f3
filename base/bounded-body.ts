/**
 * The body of an answer of `fetch`, whole. One that is too long ends its connection.
 *
 * @param most bytes
 * @throws what `tooLong` makes; what `fetch` throws while it reads
 */
export async function boundedBody(
  response: Response,
  most: number,
  tooLong: (what: string) => Error,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > most) throw tooLong(`more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
