/** A file or folder of this machine as a tar archive, under another name. Links go as links. */

import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';

export async function* packTree(path: string, name: string): AsyncGenerator<Uint8Array> {
  const archive = pack();
  const adding = add(archive, path, name).then(
    () => archive.finalize(),
    (error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  for await (const chunk of archive) yield chunk;
  await adding;
}

async function add(archive: Pack, path: string, name: string): Promise<void> {
  const found = await lstat(path);
  const { mode, mtime, size } = found;
  const entry = { name, mode: mode & 0o7777, mtime };
  if (found.isDirectory()) {
    archive.entry({ ...entry, name: `${name}/`, type: 'directory' });
    for (const child of (await readdir(path)).sort()) await add(archive, join(path, child), posix.join(name, child));
  } else if (found.isSymbolicLink()) {
    archive.entry({ ...entry, type: 'symlink', linkname: await readlink(path) });
  } else if (found.isFile()) {
    const target = archive.entry({ ...entry, size });
    // A file that grows meanwhile is sent as long as it was.
    if (size > 0) await pipeline(createReadStream(path, { end: size - 1 }), target);
    else target.end();
  }
}
