/**
 * NVIDIA's GPUs where the engine hands them out by its own driver and nothing describes them by CDI: as the kernel's
 * driver lists them in /proc. How much memory they have is not told there; an administrator can say it.
 */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ifFilePresent } from '../../base/if-file-present.ts';
import { type NodeDevice, nothingToHandOver } from './node-device.ts';
import { readBounded } from './read-bounded.ts';

export const nvidiaDriver = 'nvidia';
export const gpuCapabilities: readonly string[] = ['gpu', 'compute', 'utility'];

const usualFolder = '/proc/driver/nvidia/gpus';
const mostGpus = 64;

/** None where the kernel has no such driver. */
export async function readNvidiaGpus(folder = usualFolder): Promise<NodeDevice[]> {
  const busIds = (await ifFilePresent(readdir(folder))) ?? [];
  const texts = await Promise.all(
    busIds
      .sort()
      .slice(0, mostGpus)
      .map((busId) => ifFilePresent(readBounded(join(folder, busId, 'information')))),
  );
  return texts.flatMap((text) => (text === undefined ? [] : (parseGpu(text) ?? [])));
}

/** Undefined: it cannot be named to the engine. */
export function parseGpu(text: string): NodeDevice | undefined {
  const fields = new Map(
    text.split('\n').map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at), line.slice(at + 1).trim()] as const;
    }),
  );
  const field = (name: string) => fields.get(name) || undefined;
  const [uuid, minor] = [field('GPU UUID'), field('Device Minor')];
  if (uuid === undefined || !/^(GPU|MIG)-[0-9a-fA-F-]{1,60}$/.test(uuid) || !/^\d{1,4}$/.test(minor ?? ''))
    return undefined;
  const texts = { 'resource.kubernetes.io/pciBusID': field('Bus Location'), productName: field('Model'), uuid };
  return {
    name: `gpu-${minor}`,
    attributes: Object.fromEntries(
      Object.entries(texts).flatMap(([name, text]) =>
        text === undefined ? [] : [[name, { string: text.slice(0, 64) }]],
      ),
    ),
    capacity: {},
    isShared: false,
    handOver: {
      ...nothingToHandOver,
      deviceRequests: [{ driver: nvidiaDriver, ids: [uuid], capabilities: gpuCapabilities }],
    },
  };
}
