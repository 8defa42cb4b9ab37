/** What a case of streaming gets: one kubectl, the cluster, and places of its own. */

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Trial } from '../../clients/kubectl/trial.ts';
import { eventually } from '../../support/eventually.ts';
import type { StreamingCluster } from './streaming-cluster.ts';

export interface StreamTrial {
  readonly trial: Trial;
  readonly target: StreamingCluster;
  /** On this machine. */
  readonly folder: string;
  /** A path in the container. */
  readonly file: string;
}

export interface StreamCase {
  readonly name: string;
  /** First minor version of kubectl that has it. */
  readonly since?: number;
  run(trial: StreamTrial): Promise<void>;
}

/** What has come so far. */
export function collect(stream: Readable): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return () => text;
}

export interface RunningProgram {
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly code: Promise<number | null>;
}

export function endOf(child: ChildProcessWithoutNullStreams): RunningProgram {
  return {
    stdout: collect(child.stdout),
    stderr: collect(child.stderr),
    code: once(child, 'close').then(([code]: (number | null)[]) => code ?? null),
  };
}

export async function until(what: string, text: () => string, wanted: RegExp): Promise<RegExpExecArray> {
  try {
    return await eventually(what, () => wanted.exec(text()) ?? undefined);
  } catch (error) {
    throw new Error(`${what}: ${wanted} is not in what came: ${text()}`, { cause: error });
  }
}
