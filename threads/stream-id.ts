/** Whether stream id `a` comes behind `b`. */
export function isBehind(a: string, b: string): boolean {
  const [aTime = '0', aSeq = '0'] = a.split('-');
  const [bTime = '0', bSeq = '0'] = b.split('-');
  return BigInt(aTime) > BigInt(bTime) || (BigInt(aTime) === BigInt(bTime) && BigInt(aSeq) > BigInt(bSeq));
}
