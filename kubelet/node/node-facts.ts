/** What a kubelet was told last, kept in its data: for a start at which the API server cannot be asked. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifFilePresent } from '../../base/if-file-present.ts';
import { writeAtomically } from '../../base/write-atomically.ts';

type Fact = 'cluster-id' | 'pod-cidr';

async function readFact(dataDir: string, fact: Fact): Promise<string | undefined> {
  const text = await ifFilePresent(readFile(join(dataDir, fact), 'utf8'));
  return text?.trim() || undefined;
}

async function writeFact(dataDir: string, fact: Fact, value: string): Promise<void> {
  if ((await readFact(dataDir, fact)) !== value) await writeAtomically(join(dataDir, fact), `${value}\n`, 0o600);
}

/** Which cluster this kubelet was of. */
export const readKnownCluster = (dataDir: string): Promise<string | undefined> => readFact(dataDir, 'cluster-id');
export const writeKnownCluster = (dataDir: string, id: string): Promise<void> => writeFact(dataDir, 'cluster-id', id);

/** The part of the pod network that its node had. */
export const readKnownPodCidr = (dataDir: string): Promise<string | undefined> => readFact(dataDir, 'pod-cidr');
export const writeKnownPodCidr = (dataDir: string, cidr: string): Promise<void> => writeFact(dataDir, 'pod-cidr', cidr);
