/**
 * Which extended resources this kubelet has counted in its node's capacity, kept in its data: one whose devices are gone
 * counts 0 from then on, and is not taken for something that an administrator put there.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifFilePresent } from '../../base/if-file-present.ts';
import { writeAtomically } from '../../base/write-atomically.ts';

const fileIn = (dataDir: string): string => join(dataDir, 'counted-resources');

export async function readCountedResources(dataDir: string): Promise<ReadonlySet<string>> {
  const text = (await ifFilePresent(readFile(fileIn(dataDir), 'utf8'))) ?? '';
  return new Set(text.split('\n').filter((name) => name !== ''));
}

export async function writeCountedResources(dataDir: string, names: ReadonlySet<string>): Promise<void> {
  await writeAtomically(fileIn(dataDir), [...names].map((name) => `${name}\n`).join(''), 0o600);
}
