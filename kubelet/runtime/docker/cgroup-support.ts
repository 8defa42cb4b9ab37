/**
 * Which cgroups the engine makes, and below which parent. It does not say whether it was given one (`--cgroup-parent`):
 * a container that names none shows it.
 */

import { readFile } from 'node:fs/promises';
import type Dockerode from 'dockerode';
import type { CgroupSupport } from '../runtime.ts';
import { labelsOfProbe, type Maker } from './docker-labels.ts';
import { ask, askMaybe } from './engine.ts';

export interface CgroupProbe {
  readonly maker: Maker;
  readonly infraImage: string;
  readonly networkName: string;
}

/** What the engine says of itself, as far as it matters here; the types of its client are older. */
interface EngineCgroups {
  readonly CgroupDriver?: string;
  readonly CgroupVersion?: string;
}

/** Undefined: the engine is in control of no cgroups, or in another view of them than this process. */
export async function findCgroupSupport(docker: Dockerode, probe: CgroupProbe): Promise<CgroupSupport | undefined> {
  const { CgroupDriver: driver, CgroupVersion: version }: EngineCgroups = await ask(docker.info());
  if ((driver !== 'cgroupfs' && driver !== 'systemd') || (version !== '1' && version !== '2')) return undefined;
  const { id, text } = await readProbeGroups(docker, probe);
  const parent = computeEngineParent(text, id);
  const top = parent && computeTop(driver, parent, topNameFor(probe.networkName));
  return top === undefined ? undefined : { driver, version: version === '1' ? 1 : 2, top };
}

async function readProbeGroups(docker: Dockerode, { maker, infraImage }: CgroupProbe) {
  const name = `longshore-cgroup-probe-${maker.node}`;
  await removeProbe(docker, name); // of a kubelet that was killed meanwhile
  const container = await ask(
    docker.createContainer({
      name,
      Image: infraImage,
      Labels: { ...labelsOfProbe(maker) },
      HostConfig: {
        NetworkMode: 'none',
        ReadonlyRootfs: true,
        LogConfig: { Type: 'none', Config: {} },
        SecurityOpt: ['no-new-privileges'],
      },
    }),
  );
  try {
    await ask(container.start());
    const { State: state } = await ask(container.inspect());
    return { id: container.id, text: await readFile(`/proc/${state.Pid}/cgroup`, 'utf8') };
  } finally {
    await removeProbe(docker, container.id);
  }
}

const removeProbe = async (docker: Dockerode, id: string): Promise<void> =>
  void (await askMaybe(docker.getContainer(id).remove({ force: true, v: true })));

/**
 * The group in which the engine puts containers that name none, from `/proc/PID/cgroup` of such a one. Undefined: that
 * process is not the container's, so the engine counts processes elsewhere, or we do not see its groups from the root.
 */
export function computeEngineParent(text: string, containerId: string): string | undefined {
  const paths = text.split('\n').map((line) => line.split(':').slice(2).join(':'));
  const own = paths.find((path) => isGroupOf(path, containerId));
  if (own === undefined || own.split('/').includes('..')) return undefined;
  return own.slice(0, own.lastIndexOf('/')) || '/';
}

const isGroupOf = (path: string, id: string): boolean =>
  path.endsWith(`/${id}`) || path.endsWith(`/docker-${id}.scope`);

/** What the engine uses when it was told nothing. */
const usualParents = { cgroupfs: '/docker', systemd: '/system.slice' };

/** Pods have a group at the top, as everywhere, unless the engine was told to stay in one. */
export function computeTop(driver: CgroupSupport['driver'], parent: string, name: string): string | undefined {
  const isUsual = parent === usualParents[driver];
  if (driver === 'cgroupfs') return isUsual || parent === '/' ? `/${name}` : `${parent}/${name}`;
  const slice = parent.slice(parent.lastIndexOf('/') + 1);
  if (isUsual) return `${name}.slice`;
  return slice.endsWith('.slice') ? `${slice.slice(0, -'.slice'.length)}-${name}.slice` : undefined;
}

/** Clusters that share an engine have networks of different names. In a slice's name a dash means "below". */
export const topNameFor = (networkName: string): string =>
  networkName === 'longshore' ? 'kubepods' : `kubepods_${networkName.replace(/[^A-Za-z0-9]/g, '_')}`;
