/** Folders that only their owner may enter, whoever made them and under whatever umask. */

import { chmod, mkdir } from 'node:fs/promises';

/** What `mkdir` is told for folders on the way to one: they are made like it. */
export const privateMode = 0o700;

/** Idempotent. A folder that is there already is closed as well: it must be the caller's alone. */
export async function ensurePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: privateMode });
  await chmod(path, privateMode);
}
