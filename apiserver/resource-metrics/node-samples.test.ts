import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { NodeSamples } from './node-samples.ts';

class World {
  readonly clock = new FakeClock();
  readonly asked: string[] = [];
  readonly broken = new Set<string>();
  readonly silent = new Set<string>();
  readonly samples = new NodeSamples({ clock: this.clock, read: (name) => this.#read(name) });

  async #read(name: string): Promise<string> {
    this.asked.push(name);
    if (this.silent.has(name)) await new Promise(() => {});
    if (this.broken.has(name)) throw new Error('no answer');
    const at = this.clock.now();
    return `node_cpu_usage_seconds_total ${at / 1000} ${at}\nnode_memory_working_set_bytes 1 ${at}\n`;
  }

  /** The names of those that were measured; time passes until they are. */
  async measured(...names: string[]): Promise<string[]> {
    let found: string[] | undefined;
    void this.samples.pairs(names).then((pairs) => {
      found = [...pairs.keys()];
    });
    for (let step = 0; step < 100; step += 1) {
      await setImmediate();
      if (found !== undefined) break;
      await this.clock.advance(100);
    }
    assert(found !== undefined, 'somebody waits for ever');
    return found;
  }
}

describe('samples of nodes', () => {
  it('are two for the first who asks, one for later ones, and none while nobody asks', async () => {
    const world = new World();
    assert.deepEqual(await world.measured('a'), ['a']);
    assert.equal(world.asked.length, 2);
    assert.deepEqual(await world.measured('a'), ['a']);
    assert.equal(world.asked.length, 2);
    await world.clock.advance(60_000);
    assert.equal(world.asked.length, 2);
    assert.deepEqual(await world.measured('a'), ['a']);
    assert.equal(world.asked.length, 3);
    await world.clock.advance(200_000); // the old one is too old to reckon from
    assert.deepEqual(await world.measured('a'), ['a']);
    assert.equal(world.asked.length, 5);
  });

  it('are taken once, however many ask', async () => {
    const world = new World();
    await Promise.all([world.measured('a'), world.measured('a', 'b')]);
    assert.deepEqual(world.asked.sort(), ['a', 'a', 'b', 'b']);
  });

  it('are not waited for where a node is silent, and never again where it failed', async () => {
    const world = new World();
    world.silent.add('silent');
    world.broken.add('broken');
    assert.deepEqual(await world.measured('silent', 'a', 'broken'), ['a']);
    await world.clock.advance(20_000);
    const before = world.clock.monotonic();
    assert.deepEqual(await world.measured('a', 'broken'), ['a']);
    assert(world.clock.monotonic() - before < 1_000);
    world.broken.delete('broken');
    await world.clock.advance(20_000);
    assert.deepEqual(await world.measured('broken'), []);
    await world.clock.advance(3_000);
    assert.deepEqual(await world.measured('broken'), ['broken']);
  });
});
