/** The message that a container leaves when it ends: its file's end, or its log's when it failed and wrote none. */

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ContainerState, StreamRuntime } from '../runtime/runtime.ts';
import { containerAnnotations } from './container-config.ts';

const fileLimit = 4096;
const logLimit = { bytes: 2048, lines: 80 };

/** Empty: it left none. */
export async function readTerminationMessage(
  state: ContainerState,
  runtime: Pick<StreamRuntime, 'logs'>,
): Promise<string> {
  if (state.status.type !== 'exited') return '';
  const file = state.annotations[containerAnnotations.terminationMessage];
  const written = file === undefined ? '' : await readEnd(file, fileLimit);
  const mayFallBack = state.annotations[containerAnnotations.logFallback] === 'true' && state.status.exitCode !== 0;
  return written !== '' || !mayFallBack ? written : await readLogEnd(state.id, runtime);
}

async function readEnd(file: string, bytes: number): Promise<string> {
  try {
    // The container wrote there: whatever it made of it, it is no way to other files, and nothing to wait for.
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { size } = await handle.stat();
      const buffer = Buffer.alloc(Math.min(size, bytes));
      await handle.read(buffer, 0, buffer.length, Math.max(0, size - bytes));
      return buffer.toString();
    } finally {
      await handle.close();
    }
  } catch {
    return ''; // the folder of the pod is gone: nothing to read
  }
}

async function readLogEnd(id: string, runtime: Pick<StreamRuntime, 'logs'>): Promise<string> {
  const options = { follow: false, timestamps: false, tailLines: logLimit.lines, stdout: true, stderr: true };
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of runtime.logs(id, options, new AbortController().signal)) chunks.push(chunk);
  } catch {
    return ''; // no log any more
  }
  return Buffer.concat(chunks).subarray(-logLimit.bytes).toString();
}
