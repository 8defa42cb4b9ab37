/** An operator of kopf, and Python's dynamic client, on a kind of their own. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';
import { eventually } from '../support/eventually.ts';
import { pythonEnvironment } from './artifacts.ts';
import type { Checks } from './checks.ts';
import { pots } from './pots.ts';
import type { Subject } from './subject.ts';
import { runToEnd, type World } from './world.ts';

const scripts = join(packageRoot, 'test/real');

export const python: Subject = {
  what: 'an operator of kopf, and the dynamic client of Python',
  async prepare(report) {
    await pythonEnvironment(report);
  },
  async run(world, checks) {
    await world.apply(pots.definition);
    await world.kubectl(['wait', '--for=condition=Established', `crd/${pots.definition.metadata.name}`]);
    await checks.check('the dynamic client', async () => {
      const words = [await pythonEnvironment(() => {}), join(scripts, 'dynamic_client.py'), world.cluster.kubeconfig];
      assert.match(await runToEnd(words), /^done$/m);
    });
    await checkKopf(world, checks);
    await world.kubectl(['delete', 'crd', pots.definition.metadata.name, '--timeout=60s']);
  },
};

interface Pot {
  readonly metadata: {
    readonly finalizers?: readonly string[];
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly status?: Readonly<Record<string, unknown>>;
}

const potOf = (world: World, name: string) => world.get<Pot>(['pot', name]);

async function checkKopf(world: World, checks: Checks): Promise<void> {
  let operator = await Operator.start(world);
  /** What kopf wrote last tells more than that something did not happen. */
  const check = (name: string, run: () => Promise<unknown>) =>
    checks.check(name, () =>
      run().catch((error: unknown) => {
        throw new Error(operator.output, { cause: error });
      }),
    );
  try {
    await check('kopf: its handlers run, and keep what they found on the object', async () => {
      await world.apply(pots.named('first', { clay: 'red' }));
      const { metadata, status } = await eventually('it was fired', async () => {
        const pot = await potOf(world, 'first');
        return pot.status?.create !== undefined && pot;
      });
      assert.deepEqual(status, { create: { clay: 'red', fired: true }, shape: 'round' });
      assert.deepEqual(metadata.finalizers, ['potters.example.com/kiln']);
      assert.ok(metadata.annotations?.['potters.example.com/last-handled-configuration']);
    });
    await check('kopf: a changed field, and an event of what cannot be', async () => {
      await world.kubectl(['patch', 'pot', 'first', '--type=merge', '-p', '{"spec":{"glaze":"blue"}}']);
      await eventually('glazed', async () => (await potOf(world, 'first')).status?.glaze === 'None to blue');
      await world.apply(pots.named('sandy', { clay: 'sand' }));
      await eventually('an event', async () => (await world.kubectl(['get', 'events'])).includes('sand is no clay'));
    });
    await check('kopf: killed; what happened meanwhile is handled when it is back', async () => {
      await operator.kill();
      await world.apply(pots.named('meanwhile', { clay: 'white' }));
      await world.kubectl(['delete', 'pot', 'first', '--wait=false']);
      operator = await Operator.start(world);
      await eventually('handled', async () => (await potOf(world, 'meanwhile')).status?.shape === 'round');
      await world.kubectl(['wait', '--for=delete', 'pot/first', '--timeout=60s']);
    });
    await check('kopf: goes on after the API server was killed', async () => {
      await world.cluster.kill();
      await world.cluster.start();
      await eventually('accepted', () => world.apply(pots.named('afterwards', { clay: 'red' })));
      await eventually('handled', async () => (await potOf(world, 'afterwards')).status?.shape === 'round');
    });
    await check('kopf: deletions pass its finalizer', async () => {
      await world.kubectl(['delete', 'pots', '--all', '--timeout=60s']);
    });
  } finally {
    await operator.kill();
  }
}

/** kopf as a process. */
class Operator {
  readonly #child: ChildProcess;
  output = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.on('data', (chunk: Buffer) => {
      this.output = (this.output + chunk.toString()).slice(-4_000);
    });
  }

  static async start(world: World): Promise<Operator> {
    const words = ['-m', 'kopf', 'run', '--namespace=default', '--standalone', join(scripts, 'kopf_operator.py')];
    const env = { ...process.env, KUBECONFIG: world.cluster.kubeconfig, PYTHONDONTWRITEBYTECODE: '1' };
    const python = await pythonEnvironment(() => {});
    return new Operator(spawn(python, words, { env, stdio: ['ignore', 'ignore', 'pipe'] }));
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
