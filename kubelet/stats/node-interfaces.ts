/** What the machine's own interfaces have carried. */

import { access, readFile } from 'node:fs/promises';
import type { InterfaceStats } from '../runtime/container-stats.ts';
import { parseInterfaces } from '../runtime/interface-stats.ts';

/** Without bridges and what is plugged into them for pods: that traffic is counted where it leaves, and at the pods. */
export async function readNodeInterfaces(): Promise<InterfaceStats[]> {
  const all = parseInterfaces(await readFile('/proc/self/net/dev', 'utf8').catch(() => ''));
  const inner = await Promise.all(all.map(({ name }) => isInner(name)));
  return all.filter((_, index) => inner[index] === false);
}

async function isInner(name: string): Promise<boolean> {
  const [isBridge, isPort, isHardware] = await Promise.all(
    ['bridge', 'brport', 'device'].map((file) => isThere(`/sys/class/net/${name}/${file}`)),
  );
  return isBridge === true || (isPort === true && isHardware === false);
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
