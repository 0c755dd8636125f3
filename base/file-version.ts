import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { reasonOf } from './errors.ts';

/** `sha256:` + hex of a file's text: the version that threads record. */
export function versionOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/**
 * Changes whenever the file does, without reading it; undefined where there is none. What cannot be looked at (links in a circle) has a stamp
 * too: whoever reads it then learns why.
 */
export function stampOf(file: string): string | undefined {
  try {
    const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
    return stat && `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
  } catch (error) {
    return `not readable: ${reasonOf(error)}`;
  }
}
