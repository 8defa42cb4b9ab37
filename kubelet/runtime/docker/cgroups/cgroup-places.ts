/**
 * Where the control groups of a process are to be read, whatever made them: from what the kernel says of its mounts
 * (`/proc/self/mountinfo`) and of the process (`/proc/PID/cgroup`). Pure.
 */

interface CgroupMount {
  /** `2`: the unified hierarchy; else one of the first version, with what it controls. */
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
  /** Which group is seen at the mount point. */
  readonly root: string;
  readonly mountPoint: string;
}

export interface CgroupPlace {
  readonly version: 1 | 2;
  /** As the kernel names it: `/docker/3f2a…`, `/system.slice/docker-3f2a….scope`. */
  readonly path: string;
  /** The folder of files of that controller; undefined: it is mounted nowhere. */
  folderOf(controller: string): string | undefined;
}

export function parseCgroupMounts(mountinfo: string): CgroupMount[] {
  return mountinfo.split('\n').flatMap((line): CgroupMount[] => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', mountPoint = ''] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    if (type === 'cgroup2') return [{ version: 2, controllers: [], root, mountPoint }];
    return type === 'cgroup' ? [{ version: 1, controllers: options.split(','), root, mountPoint }] : [];
  });
}

/**
 * Undefined: none of its groups can be read from here, or they are not those of the container `id`: the process may have
 * ended, and another one has its number.
 */
export function findCgroupPlace(
  procCgroup: string,
  { mounts, id }: { readonly mounts: readonly CgroupMount[]; readonly id: string },
): CgroupPlace | undefined {
  const groups = procCgroup.split('\n').flatMap((line) => {
    const [, number, names = '', path = ''] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    return number === undefined ? [] : [{ controllers: names === '' ? [] : names.split(','), path }];
  });
  const first = groups.find(({ controllers }) => controllers.includes('memory'));
  const main = first ?? groups.find(({ controllers }) => controllers.length === 0);
  if (main === undefined || !main.path.includes(id)) return undefined;
  const version = first === undefined ? 2 : 1;
  const folders = new Map<string, string>();
  for (const { controllers, path } of groups) {
    if (version === 1) {
      for (const controller of controllers) {
        const folder = folderIn(
          mounts.find((mount) => mount.version === 1 && mount.controllers.includes(controller)),
          path,
        );
        if (folder !== undefined) folders.set(controller, folder);
      }
    }
  }
  const unified =
    version === 2
      ? folderIn(
          mounts.find((mount) => mount.version === 2),
          main.path,
        )
      : undefined;
  const place = {
    version,
    path: main.path,
    folderOf: (controller: string) => unified ?? folders.get(controller),
  } as const;
  return place.folderOf('memory') === undefined ? undefined : place;
}

/** A mount may show no more than a part of the tree. */
function folderIn(mount: CgroupMount | undefined, path: string): string | undefined {
  if (mount === undefined || path.includes('/..')) return undefined;
  const { root, mountPoint } = mount;
  if (root === '/') return `${mountPoint}${path}`;
  return path === root || path.startsWith(`${root}/`) ? `${mountPoint}${path.slice(root.length)}` : undefined;
}
