/**
 * The image of the infra container: one static program of a few hundred bytes that waits, buries the dead, and ends
 * when it is asked to. It is made here and loaded into the engine, so that a pod's sandbox needs no registry.
 */

import { createHash } from 'node:crypto';
import { pack } from 'tar-stream';
import { chunksOf } from '../../../base/chunks.ts';
import { assemblePause, type PauseArchitecture } from './pause-program.ts';

export const infraImageName = 'longshore/infra:1';

/** An archive for `docker load`. The same program gives the same image id everywhere. */
export async function buildInfraImage(architecture: PauseArchitecture): Promise<Buffer> {
  const layer = await tar([{ name: 'pause', mode: 0o755, content: assemblePause(architecture) }]);
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      config: { Entrypoint: ['/pause'], Labels: { 'dev.longshore.image': 'infra' } },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    }),
  );
  const configName = `${sha256(config)}.json`;
  const manifest = [{ Config: configName, RepoTags: [infraImageName], Layers: ['layer.tar'] }];
  return await tar([
    { name: 'layer.tar', mode: 0o644, content: layer },
    { name: configName, mode: 0o644, content: config },
    { name: 'manifest.json', mode: 0o644, content: Buffer.from(JSON.stringify(manifest)) },
  ]);
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

interface TarEntry {
  readonly name: string;
  readonly mode: number;
  readonly content: Buffer;
}

async function tar(entries: readonly TarEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, mode, content } of entries) archive.entry({ name, mode, mtime: new Date(0) }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf(archive)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
