/**
 * Does the work for each item, so many at once, and waits for all of those that were begun, also where one of them fails: nothing goes on
 * behind the back of who asked for it.
 *
 * @throws what the first one threw that failed; then no more are begun
 */
export async function abreast<Item, Result>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let from = 0; from < items.length; from += most) {
    const settled = await Promise.allSettled(items.slice(from, from + most).map(async (item) => work(item)));
    for (const each of settled) {
      if (each.status === 'rejected') throw each.reason;
      results.push(each.value);
    }
  }
  return results;
}
