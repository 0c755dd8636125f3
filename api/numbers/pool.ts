import type { Config } from '../../config.ts';
import type { PoolNumber } from '../../sip-trunks/number-pool.ts';
import { checkProvisioning } from '../provisioning-files.ts';

/** The numbers that can be taken, as the files list them now; while those are wrong as they were right last. */
export function poolOf(config: Config): () => readonly PoolNumber[] {
  let right: readonly PoolNumber[] = [];
  return () => {
    const { problems, provisioning } = checkProvisioning(config);
    if (problems.length === 0) right = provisioning.pool;
    return right;
  };
}
