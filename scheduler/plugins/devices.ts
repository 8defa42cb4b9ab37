/** What the scheduler knows of devices: what is published, what is given out. One for all profiles. */

import type { DeviceClass, ResourceClaim } from '../../api/types/resource/v1.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { DeviceListers } from '../volume-listers.ts';
import type { DeviceWorld } from './device-allocation.ts';
import { DeviceLedger } from './device-ledger.ts';
import { DevicePools } from './device-pools.ts';

export class Devices implements DeviceWorld {
  /** Told of every change of a claim. */
  readonly ledger = new DeviceLedger();
  readonly #listers: DeviceListers;
  #pools: DevicePools | undefined;

  constructor(listers: DeviceListers) {
    this.#listers = listers;
  }

  get pools(): DevicePools {
    this.#pools ??= new DevicePools(this.#listers.resourceSlices.list());
    return this.#pools;
  }

  slicesChanged(): void {
    this.#pools = undefined;
  }

  claim(key: string): Cached<ResourceClaim> | undefined {
    return this.#listers.resourceClaims.get(key);
  }

  classOf(name: string): Cached<DeviceClass> | undefined {
    return this.#listers.deviceClasses.get(name);
  }
}
