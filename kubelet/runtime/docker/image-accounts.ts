/**
 * Which users and groups an image knows. The engine reads its /etc/group only for containers that name no group, so who
 * wants both has to name the groups, and they are in the image. It is looked at in a container that is never started.
 */

import type Dockerode from 'dockerode';
import { extract } from 'tar-stream';
import { RecentMap } from '../../../base/recent-map.ts';
import type { ImageAccounts } from '../runtime.ts';
import { labelsOfCopy, type Maker } from './docker-labels.ts';
import { ask, askMaybe } from './engine.ts';

/** More than any system's accounts take. */
const maxBytes = 2 ** 20;

export class DockerImageAccounts {
  readonly #docker: Dockerode;
  readonly #known = new RecentMap<ImageAccounts>({ maxEntries: 100, maxKeyLength: 256 });

  constructor(docker: Dockerode) {
    this.#docker = docker;
  }

  /** An id says what is in an image, so that one look is enough. */
  async of(imageId: string, maker: Maker): Promise<ImageAccounts> {
    const known = this.#known.get(imageId);
    if (known !== undefined) return known;
    const found = await this.#read(imageId, maker);
    this.#known.set(imageId, found);
    return found;
  }

  async #read(imageId: string, maker: Maker): Promise<ImageAccounts> {
    const container = await ask(
      this.#docker.createContainer({
        Image: imageId,
        Labels: { ...labelsOfCopy(maker) },
        Entrypoint: ['/never-started'],
        Healthcheck: { Test: ['NONE'] },
        HostConfig: { NetworkMode: 'none', LogConfig: { Type: 'none', Config: {} } },
      }),
    );
    try {
      const [passwd, group] = await Promise.all(
        ['/etc/passwd', '/etc/group'].map(async (path) => {
          const archive = await askMaybe(container.getArchive({ path }));
          return archive === undefined ? '' : await readOnlyFile(archive);
        }),
      );
      return { passwd: passwd ?? '', group: group ?? '' };
    } finally {
      await askMaybe(container.remove({ force: true, v: true }));
    }
  }
}

/** The one file of an archive; nothing where it is a link, or no file of text at all. */
function readOnlyFile(archive: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const files = extract();
    files.on('entry', ({ type }, content, next) => {
      content.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (type === 'file' && bytes <= maxBytes) chunks.push(chunk);
      });
      content.on('end', next);
    });
    files.on('finish', () => resolve(Buffer.concat(chunks).toString()));
    files.on('error', reject);
    archive.on('error', reject);
    archive.pipe(files);
  });
}
