/** Reads a file that somebody else writes: only a plain file, and no more of it than is expected of such files. */

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

const mostBytes = 2 ** 20;

/** Throws when it is no plain file or too large. A pipe or a device in its place holds nobody up. */
export async function readBounded(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Error(`${path} is no plain file`);
    // Also of a file that grows meanwhile, or says nothing of its size, as those of /proc do.
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(mostBytes + 1), 0, mostBytes + 1, 0);
    if (bytesRead > mostBytes) throw new Error(`${path} is larger than ${mostBytes} bytes`);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
