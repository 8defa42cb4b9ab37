/** Files that are whole or not there at all, also after the machine lost its power. */

import { open, rename } from 'node:fs/promises';

/** Never readable by others for an instant when `mode` says so. */
export async function writeAtomically(path: string, text: string, mode: number): Promise<void> {
  await rename(await writeTemporary(path, text, mode), path);
}

/** The file beside `path` that is to take its place. */
export async function writeTemporary(path: string, text: string, mode: number): Promise<string> {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, 'w', mode);
  try {
    await file.chmod(mode); // one that a process left which was killed may have another
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  return temporary;
}
