/** Serves the files of a folder, and nothing that is not below it: neither by `..` nor by a link. */

import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** `path` is below the prefix, and still encoded. */
export async function serveFile(response: ServerResponse, folder: string, path: string): Promise<void> {
  const file = await findFile(folder, path);
  if (file === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n');
    return;
  }
  const type = types[extname(file).toLowerCase()] ?? 'application/octet-stream';
  response.writeHead(200, { 'content-type': type, 'x-content-type-options': 'nosniff' });
  await pipeline(createReadStream(file), response);
}

/** The file with all links followed; undefined: there is none below the folder. */
export async function findFile(folder: string, path: string): Promise<string | undefined> {
  try {
    const root = await realpath(folder);
    const name = decodeURIComponent(path);
    if (name.includes('\0')) return undefined;
    const found = await realpath(join(root, name));
    if (found !== root && !found.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
    const { isFile, isFolder } = await kindOf(found);
    if (isFile) return found;
    return isFolder && !name.endsWith('index.html') ? await findFile(folder, join(path, 'index.html')) : undefined;
  } catch {
    return undefined; // not there, not ours to read, or no path at all
  }
}

async function kindOf(path: string): Promise<{ isFile: boolean; isFolder: boolean }> {
  const found = await stat(path);
  return { isFile: found.isFile(), isFolder: found.isDirectory() };
}
