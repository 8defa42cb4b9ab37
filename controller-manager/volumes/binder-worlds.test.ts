/** The binder over random worlds, with writes that fail at random: it always settles, and no volume has two claims. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type KubernetesObject, keyOf, type Stored } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../api/resources/core.ts';
import { conflict, isConflict } from '../../api/status-error.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core/v1.ts';
import { whyUnsatisfying } from '../../api/volumes/volume-matching.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { planClaim, planVolume } from './binder-plan.ts';
import { BinderWrites, unboundStatus } from './binder-writes.ts';
import { LatestWritten } from './latest-written.ts';

const gi = (size: number) => ({ storage: `${size}Gi` });
const modes = fc.subarray(['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany'], { minLength: 1 });
const classes = fc.constantFrom('', 'a', 'b');
const claimPicture = fc.record({
  size: fc.integer({ min: 1, max: 4 }),
  modes,
  className: classes,
  names: fc.option(fc.nat(5), { nil: undefined }),
});
const volumePicture = fc.record({
  size: fc.integer({ min: 1, max: 4 }),
  modes,
  className: classes,
  aside: fc.option(fc.nat(5), { nil: undefined }),
});

const claimOf = (
  { size, modes: accessModes, className, names }: typeof claimPicture extends fc.Arbitrary<infer T> ? T : never,
  i: number,
) =>
  storedObject(persistentVolumeClaims, {
    metadata: { name: `c${i}` },
    spec: {
      accessModes,
      storageClassName: className,
      resources: { requests: gi(size) },
      ...(names !== undefined && { volumeName: `v${names}` }),
    },
    status: { phase: 'Pending' },
  });
const volumeOf = (
  { size, modes: accessModes, className, aside }: typeof volumePicture extends fc.Arbitrary<infer T> ? T : never,
  i: number,
) =>
  storedObject(persistentVolumes, {
    metadata: { name: `v${i}` },
    spec: {
      accessModes,
      storageClassName: className,
      capacity: gi(size),
      hostPath: { path: '/x' },
      ...(aside !== undefined && { claimRef: { namespace: 'default', name: `c${aside}` } }),
    },
    status: { phase: 'Available' },
  });

class World {
  readonly claims = new Map<string, Stored<PersistentVolumeClaim>>();
  readonly volumes = new Map<string, Stored<PersistentVolume>>();
  writeCount = 0;
  /** How many writes there are until one fails. */
  failIn = Number.POSITIVE_INFINITY;
  readonly #writes: BinderWrites;

  constructor(claims: readonly Stored<PersistentVolumeClaim>[], volumes: readonly Stored<PersistentVolume>[]) {
    for (const claim of claims) this.claims.set(keyOf(claim), claim);
    for (const volume of volumes) this.volumes.set(keyOf(volume), volume);
    this.#writes = new BinderWrites({
      client: { update: (kind, object) => this.#update(kind, object) },
      claims: new LatestWritten<PersistentVolumeClaim>(this.claims),
      volumes: new LatestWritten<PersistentVolume>(this.volumes),
    });
  }

  async #update<T extends KubernetesObject>(kind: Resource<T>, object: T): Promise<Stored<T>> {
    this.failIn -= 1;
    if (this.failIn === 0) throw conflict(kind, object.metadata?.name ?? '', 'at random');
    this.writeCount += 1;
    const next = { ...object, metadata: { ...object.metadata, resourceVersion: `${this.writeCount + 1}` } };
    const known: Map<string, unknown> = kind.plural === 'persistentvolumes' ? this.volumes : this.claims;
    known.set(keyOf(next), next);
    // What it was made from was stored.
    const stored: unknown = next;
    return stored as Stored<T>;
  }

  async step(key: string): Promise<void> {
    try {
      if (key.includes('/')) await this.#stepClaim(key);
      else await this.#stepVolume(key);
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }

  async #stepClaim(key: string): Promise<void> {
    const claim = this.claims.get(key);
    if (claim === undefined) return;
    const plan = planClaim(claim, {
      volume: (name) => this.volumes.get(name),
      volumesFor: () => this.volumes.values(),
      storageClass: () => undefined,
      storageClasses: () => [],
      waitingPods: () => [],
    });
    if (plan.type === 'bind') await this.#writes.bind(claim, plan.volume);
    if (plan.type === 'pending') await this.#writes.setClaimStatus(claim, unboundStatus(claim, 'Pending'));
    if (plan.type === 'lost') await this.#writes.setClaimStatus(claim, unboundStatus(claim, 'Lost'));
  }

  async #stepVolume(key: string): Promise<void> {
    const volume = this.volumes.get(key);
    if (volume === undefined) return;
    const ref = volume.spec?.claimRef;
    const plan = planVolume(volume, this.claims.get(`${ref?.namespace}/${ref?.name}`));
    if (plan.type === 'phase') await this.#writes.setVolumePhase(volume, { phase: plan.phase });
    if (plan.type === 'released') await this.#writes.setVolumePhase(volume, { phase: 'Released' });
    if (plan.type === 'unbind') await this.#writes.unbind(volume);
  }

  async settle(): Promise<void> {
    this.failIn = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 20; round += 1) {
      const before = this.writeCount;
      for (const key of [...this.claims.keys(), ...this.volumes.keys()]) await this.step(key);
      if (this.writeCount === before) return;
    }
    assert.fail('it does not settle');
  }

  check(): void {
    const holders = new Map<string, string>();
    for (const claim of this.claims.values()) {
      if (claim.status?.phase !== 'Bound') continue;
      const name = claim.spec?.volumeName ?? '';
      const volume = this.volumes.get(name);
      assert.equal(volume?.spec?.claimRef?.uid, claim.metadata.uid);
      assert.equal(volume?.status?.phase, 'Bound');
      assert.equal(holders.get(name), undefined, `${name} has two claims`);
      holders.set(name, claim.metadata.name);
    }
    for (const volume of this.volumes.values())
      if (volume.status?.phase === 'Bound') assert.ok(holders.has(volume.metadata.name));
    // Nobody waits for what is there.
    for (const claim of this.claims.values()) {
      if (claim.spec?.volumeName) continue;
      for (const volume of this.volumes.values())
        assert.ok(volume.spec?.claimRef !== undefined || whyUnsatisfying(claim, volume) !== undefined);
    }
  }
}

describe('the binder', () => {
  it('settles whatever order things are looked at in, whichever writes fail, and claims and volumes come and go', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(claimPicture, { maxLength: 6 }),
        fc.array(volumePicture, { maxLength: 6 }),
        fc.array(fc.record({ key: fc.nat(11), failIn: fc.nat(5), gone: fc.boolean() }), { maxLength: 30 }),
        async (claims, volumes, steps) => {
          const world = new World(claims.map(claimOf), volumes.map(volumeOf));
          const keys = [...world.claims.keys(), ...world.volumes.keys()];
          for (const { key, failIn, gone } of steps) {
            const name = keys[key % Math.max(1, keys.length)] ?? '';
            world.failIn = failIn === 0 ? Number.POSITIVE_INFINITY : failIn;
            // One of the first two goes now and then.
            if (gone && key < 2) {
              world.claims.delete(name);
              world.volumes.delete(name);
            }
            await world.step(name);
          }
          await world.settle();
          world.check();
        },
      ),
      { numRuns: 300 },
    );
  });
});
