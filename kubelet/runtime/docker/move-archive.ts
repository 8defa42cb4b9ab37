/** An archive whose files lie in another folder than before. */

import { pipeline } from 'node:stream/promises';
import { extract, type Headers, type Pack, pack } from 'tar-stream';
import { isRecord } from '../../../api/json-record.ts';

/** What is nobody's data: a copy of it would be a device, or would wait for a reader. */
const special: ReadonlySet<unknown> = new Set(['character-device', 'block-device', 'fifo', 'contiguous-file']);
/** What the engine puts into every container: at the root of one, it is not known to be the image's. */
export const ofEngine: ReadonlySet<string> = new Set([
  ...['.dockerenv', 'dev', 'dev/console', 'dev/pts', 'dev/shm', 'proc', 'sys'],
  ...['etc/hostname', 'etc/hosts', 'etc/mtab', 'etc/resolv.conf'],
]);

/**
 * The entry in `folder` (no slash at its ends); undefined: it is left out. What links of names (`link`) refer to moves
 * along; where symbolic links lead is theirs. Pure.
 */
export function moveEntry(
  header: Headers,
  folder: string,
  leftOut: ReadonlySet<string> = new Set(),
): Headers | undefined {
  const name = relativeName(header.name);
  if (special.has(header.type) || leftOut.has(name.replace(/\/$/, ''))) return undefined;
  const moved = { ...header, ...recordsOf(header), name: name === '' ? `${folder}/` : `${folder}/${name}` };
  const { linkname } = header;
  return header.type === 'link' && linkname ? { ...moved, linkname: `${folder}/${relativeName(linkname)}` } : moved;
}

/**
 * Of an entry that has any. Long names and those beyond ASCII stand there as well, and would hold before the new ones,
 * which are written there again where they have to be.
 */
function recordsOf(header: Headers): { readonly pax?: object } {
  if (!('pax' in header) || !isRecord(header.pax)) return {};
  const { path: _, linkpath: __, ...others } = header.pax;
  return { pax: others };
}

const relativeName = (name: string): string => name.replace(/^(\.?\/+)+/, '').replace(/^\.$/, '');

/** The archive is read as it is written; `done` rejects when it could not be read to its end. */
export function moveArchive(
  archive: NodeJS.ReadableStream,
  folder: string,
  leftOut?: ReadonlySet<string>,
): { readonly moved: Pack; readonly done: Promise<void> } {
  const unpacked = extract();
  const moved = pack();
  unpacked.on('entry', (header, content, next) => {
    const entry = moveEntry(header, folder, leftOut);
    if (entry === undefined) {
      content.on('end', next);
      content.resume();
      return;
    }
    content.pipe(moved.entry(entry, next));
  });
  const done = pipeline(archive, unpacked).then(
    () => moved.finalize(),
    (error: Error) => {
      moved.destroy(error);
      throw error;
    },
  );
  return { moved, done };
}
