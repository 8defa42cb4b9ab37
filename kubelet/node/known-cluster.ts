/** Which cluster this kubelet was of last, kept in its data: for a start at which the API server cannot be asked. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifFilePresent } from '../../base/if-file-present.ts';
import { writeAtomically } from '../../base/write-atomically.ts';

const fileIn = (dataDir: string): string => join(dataDir, 'cluster-id');

export async function readKnownCluster(dataDir: string): Promise<string | undefined> {
  const text = await ifFilePresent(readFile(fileIn(dataDir), 'utf8'));
  return text?.trim() || undefined;
}

export async function writeKnownCluster(dataDir: string, clusterId: string): Promise<void> {
  if ((await readKnownCluster(dataDir)) !== clusterId) await writeAtomically(fileIn(dataDir), `${clusterId}\n`, 0o600);
}
