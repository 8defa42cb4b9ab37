/** The image registry of the demo, on loopback: Debian's docker-registry, with its data under the data directory. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Running } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { startChild } from './child-process.ts';
import { httpGet } from './http-get.ts';

export interface RegistryOptions {
  readonly folder: string;
  readonly port: number;
  readonly logger: Logger;
}

export async function startRegistry({ folder, port, logger }: RegistryOptions): Promise<Running> {
  await mkdir(folder, { recursive: true });
  const configuration = {
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}`, secret: 'one-instance-needs-none' },
  };
  await writeFile(join(folder, 'config.yml'), JSON.stringify(configuration));
  return await startChild({
    name: 'registry',
    command: 'docker-registry',
    arguments: ['serve', 'config.yml'],
    cwd: folder,
    logFile: join(folder, 'registry.log'),
    logger,
    isReady: () => isRegistry(port),
  });
}

async function isRegistry(port: number): Promise<boolean> {
  const answer = await httpGet(`http://127.0.0.1:${port}/v2/`);
  return answer?.headers['docker-distribution-api-version'] !== undefined;
}
