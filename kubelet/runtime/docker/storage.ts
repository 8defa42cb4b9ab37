/** Where an engine keeps images, what containers write over them, and their logs. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { isRecord } from '../../../api/json-record.ts';
import { ifFilePresent } from '../../../base/if-file-present.ts';
import type { ContainerFiles, RuntimeStorage } from '../runtime.ts';
import { ask, askMaybe } from './engine.ts';

/** Where containerd keeps everything unless its configuration says otherwise. */
const containerdFolder = '/var/lib/containerd';
const ownContainerd = /^(unix:\/\/)?(\/var)?\/run\/docker\/containerd\//;

export class DockerStorage {
  readonly #docker: Dockerode;
  #folders: RuntimeStorage | undefined;

  constructor(docker: Dockerode) {
    this.#docker = docker;
  }

  async folders(): Promise<RuntimeStorage> {
    this.#folders = computeStorage(await ask(this.#docker.info()));
    return this.#folders;
  }

  async filesOf(id: string): Promise<ContainerFiles | undefined> {
    const info = await askMaybe(this.#docker.getContainer(id).inspect());
    if (info === undefined) return undefined;
    const { logFolder } = this.#folders ?? (await this.folders());
    return {
      layerFolder: upperFolderOf(info.GraphDriver) ?? (await mountedLayerOf(info.State.Pid)),
      logFiles: await findLogs(join(logFolder, 'containers', info.Id)),
    };
  }

  async writtenBytes(id: string): Promise<number | undefined> {
    // The types know neither the question nor what is there only when it is asked for.
    const query: Dockerode.ContainerInspectOptions & { readonly size: boolean } = { size: true };
    const info: unknown = await askMaybe(this.#docker.getContainer(id).inspect(query));
    if (!isRecord(info)) return undefined;
    return typeof info.SizeRw === 'number' ? info.SizeRw : 0;
  }
}

/**
 * An engine with containerd's image store keeps layers where containerd keeps them, and everything else in its own
 * folder. Pure.
 */
export function computeStorage(info: unknown): RuntimeStorage {
  const { DockerRootDir: root, DriverStatus: status, Containerd: containerd } = isRecord(info) ? info : {};
  const rootFolder = typeof root === 'string' && root !== '' ? root : '/var/lib/docker';
  if (!isContainerdStore(status)) return { imageFolder: rootFolder, logFolder: rootFolder };
  const address = isRecord(containerd) && typeof containerd.Address === 'string' ? containerd.Address : '';
  // One that the engine started itself keeps its things in the engine's folder.
  const imageFolder = ownContainerd.test(address) ? join(rootFolder, 'containerd', 'daemon') : containerdFolder;
  return { imageFolder, logFolder: rootFolder };
}

/** `[["driver-type", "io.containerd.snapshotter.v1"]]` */
const isContainerdStore = (status: unknown): boolean =>
  Array.isArray(status) &&
  status.some(
    (pair) => Array.isArray(pair) && pair[0] === 'driver-type' && String(pair[1]).startsWith('io.containerd.'),
  );

/** Of overlay2; others, and containerd's store, say nothing of it. */
function upperFolderOf(driver: unknown): string | undefined {
  const data = isRecord(driver) ? driver.Data : undefined;
  return isRecord(data) && typeof data.UpperDir === 'string' ? data.UpperDir : undefined;
}

/** The layer that a running container's root is written to, as the kernel says it. */
async function mountedLayerOf(pid: number): Promise<string | undefined> {
  if (!(pid > 0)) return undefined;
  try {
    return parseUpperFolder(await readFile(`/proc/${pid}/mountinfo`, 'utf8'));
  } catch {
    return undefined; // it ended meanwhile, or is nobody that we see
  }
}

/** `… / / rw … - overlay overlay rw,lowerdir=…,upperdir=/var/lib/…/fs,workdir=…`. Pure. */
export function parseUpperFolder(mountinfo: string): string | undefined {
  for (const line of mountinfo.split('\n')) {
    const words = line.split(' ');
    if (words[4] !== '/' || !line.includes(' - overlay ')) continue;
    const options = words.at(-1)?.split(',') ?? [];
    const found = options.find((option) => option.startsWith('upperdir='))?.slice('upperdir='.length);
    if (found !== undefined)
      return found.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  }
  return undefined;
}

/** `ID-json.log` and `ID-json.log.1` in the container's folder, or `container.log` … in `local-logs`. */
async function findLogs(folder: string): Promise<string[]> {
  const names = (await ifFilePresent(readdir(folder))) ?? [];
  const local = join(folder, 'local-logs');
  const localNames = names.includes('local-logs') ? ((await ifFilePresent(readdir(local))) ?? []) : [];
  return [
    ...names.filter((name) => /-json\.log(\.|$)/.test(name)).map((name) => join(folder, name)),
    ...localNames.map((name) => join(local, name)),
  ];
}
