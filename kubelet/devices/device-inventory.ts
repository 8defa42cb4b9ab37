/**
 * Which devices this node has: those that its administrator declared, those of CDI specs, and GPUs of the engine's own
 * driver. Looked at again and again, because drivers come and go and files change while the kubelet runs.
 */

import { isDeepStrictEqual } from 'node:util';
import { errorText } from '../../base/error-text.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import type { DeviceSupport, NodeRuntime } from '../runtime/runtime.ts';
import { readCdiFolders, usualCdiFolders } from './cdi-folders.ts';
import { type CdiDevice, distinctDevices } from './cdi-spec.ts';
import { parseDeclaredDevices } from './declared-devices.ts';
import { mergeHandOvers, type NodeDevice, nothingToHandOver } from './node-device.ts';
import { nvidiaDriver, readNvidiaGpus } from './nvidia-gpus.ts';
import { readBounded } from './read-bounded.ts';

export interface DeviceInventoryOptions {
  readonly runtime: Pick<NodeRuntime, 'deviceSupport'>;
  /** Where the administrator declares devices; there need not be such a file. Undefined: nobody does. */
  readonly declaredFile: string | undefined;
  /** Read where the engine does not say where its CDI specs lie. Default: the usual ones. */
  readonly cdiFolders?: readonly string[] | undefined;
}

export class DeviceInventory {
  readonly #options: DeviceInventoryOptions;
  #declared: readonly NodeDevice[] = [];
  #devices: readonly NodeDevice[] = [];
  #troubles: readonly string[] = [];

  constructor(options: DeviceInventoryOptions) {
    this.#options = options;
  }

  get devices(): readonly NodeDevice[] {
    return this.#devices;
  }

  /** What could not be read at the last look, and why. */
  get troubles(): readonly string[] {
    return this.#troubles;
  }

  /** Looks now; true: something is other than at the last look. Throws when the runtime does not answer. */
  async refresh(): Promise<boolean> {
    const support = await this.#options.runtime.deviceSupport();
    const folders = support.cdiFolders.length > 0 ? support.cdiFolders : (this.#options.cdiFolders ?? usualCdiFolders);
    const [declared, cdi] = await Promise.all([this.#readDeclared(), readCdiFolders(folders)]);
    const isDescribed = cdi.devices.some(({ id }) => id.startsWith('nvidia.com/'));
    const gpus = support.drivers.includes(nvidiaDriver) && !isDescribed ? await readNvidiaGpus() : [];
    const wanted = combine(this.#declared, [...ofCdi(cdi.devices, support), ...gpus]);
    const devices =
      support.cdiFolders.length > 0 ? wanted : wanted.flatMap((one) => withoutCdi(one, cdi.devices) ?? []);
    const lost = this.#declared.filter(({ name }) => !devices.some((one) => one.name === name));
    const unmet = lost.map(({ name }) => `device ${name}: the engine hands out no CDI devices`);
    const troubles = [...declared, ...cdi.troubles, ...unmet];
    const isOther = !isDeepStrictEqual([devices, troubles], [this.#devices, this.#troubles]);
    this.#devices = devices;
    this.#troubles = troubles;
    return isOther;
  }

  /** A file with a mistake changes nothing: what it said before goes on. Returns what is wrong with it. */
  async #readDeclared(): Promise<string[]> {
    const { declaredFile } = this.#options;
    if (declaredFile === undefined) return [];
    try {
      const text = await ifFilePresent(readBounded(declaredFile));
      this.#declared = text === undefined ? [] : parseDeclaredDevices(text);
      return [];
    } catch (error) {
      return [`${declaredFile}: ${errorText(error)}`];
    }
  }
}

/** Those that this node can hand out, once each. Pure. */
export function ofCdi(found: readonly CdiDevice[], { cdiFolders, cdiDevices }: DeviceSupport): NodeDevice[] {
  const usable = found.filter(({ id, handOver }) =>
    cdiFolders.length > 0 ? (cdiDevices?.includes(id) ?? true) : handOver !== undefined,
  );
  return distinctDevices(usable).map(({ id }) => ({
    name: cdiLabel(id),
    attributes: { cdiDevice: { string: id.slice(0, 64) } },
    capacity: {},
    isShared: false,
    handOver: { ...nothingToHandOver, deviceRequests: [{ driver: 'cdi', ids: [id], capabilities: [] }] },
  }));
}

/**
 * For an engine that knows nothing of CDI: what it would do for these devices, we ask of it in its own words. Undefined:
 * that cannot be said. Pure.
 */
export function withoutCdi(device: NodeDevice, found: readonly CdiDevice[]): NodeDevice | undefined {
  const { deviceRequests } = device.handOver;
  const ids = deviceRequests.filter(({ driver }) => driver === 'cdi').flatMap((request) => request.ids);
  const parts = ids.flatMap((id) => found.find((one) => one.id === id)?.handOver ?? []);
  if (parts.length < ids.length) return undefined;
  const own = { ...device.handOver, deviceRequests: deviceRequests.filter(({ driver }) => driver !== 'cdi') };
  return { ...device, handOver: mergeHandOvers([...parts, own]) };
}

/** `nvidia.com/gpu=0` → `nvidia-com-gpu-0`, within the bounds of a DNS label. */
function cdiLabel(id: string): string {
  const plain = id.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return plain.slice(-63).replace(/^-+|-+$/g, '');
}

/** What is declared comes first: it takes the place of what was found of the same name, or is handed over alike. Pure. */
export function combine(declared: readonly NodeDevice[], found: readonly NodeDevice[]): NodeDevice[] {
  const names = new Set(declared.map(({ name }) => name));
  const handedOver = new Set(declared.flatMap(keysOf));
  const rest = found.filter((one) => !names.has(one.name) && !keysOf(one).some((key) => handedOver.has(key)));
  return [...declared, ...new Map(rest.map((one) => [one.name, one])).values()];
}

const keysOf = ({ handOver }: NodeDevice): string[] =>
  handOver.deviceRequests.flatMap(({ driver, ids }) => ids.map((id) => `${driver} ${id}`));
