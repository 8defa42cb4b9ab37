/** What a host remembers of being a worker, so that it can be started again without a token. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../../api/json-record.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import { UserError } from '../../base/user-error.ts';
import { writeAtomically } from '../../base/write-atomically.ts';
import { type ClusterSettings, dataOfSettings, parseSettings } from './settings.ts';

export interface WorkerRecord {
  /** `https://10.0.0.1:6443` */
  readonly server: string;
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly kubeletPort: number;
  readonly settings: ClusterSettings;
  /** Flags that systemd starts the node with, beside those of this record. */
  readonly nodeWords: readonly string[];
  /** An administrator has removed the node: it is not started again. */
  readonly isRemoved: boolean;
}

export const workerFile = 'worker.json';

export async function readWorkerRecord(dataDir: string): Promise<WorkerRecord | undefined> {
  const file = join(dataDir, workerFile);
  const text = await ifFilePresent(readFile(file, 'utf8'));
  if (text === undefined) return undefined;
  const found = parse(text);
  if (found !== undefined) return found;
  throw new UserError(
    `${file}, which says whose worker this host is, cannot be read. Run "kubecfg leave", then join again.`,
  );
}

function parse(text: string): WorkerRecord | undefined {
  try {
    const found: unknown = JSON.parse(text);
    if (!isRecord(found)) return undefined;
    const { server, nodeName, nodeIp, kubeletPort, settings } = found;
    if (typeof server !== 'string' || typeof nodeName !== 'string' || typeof nodeIp !== 'string') return undefined;
    if (typeof kubeletPort !== 'number') return undefined;
    return {
      server,
      nodeName,
      nodeIp,
      kubeletPort,
      settings: parseSettings({ data: settings }),
      nodeWords: Array.isArray(found.nodeWords) ? found.nodeWords.map(String) : [],
      isRemoved: found.isRemoved === true,
    };
  } catch {
    return undefined;
  }
}

export async function writeWorkerRecord(dataDir: string, { settings, ...record }: WorkerRecord): Promise<void> {
  const text = JSON.stringify({ ...record, settings: dataOfSettings(settings) }, undefined, 2);
  await writeAtomically(join(dataDir, workerFile), `${text}\n`, 0o644);
}
