/** The official Java client on a kind of one's own: writes by its dynamic API, and its generic informer. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { javaClasses } from './artifacts.ts';
import { pots } from './pots.ts';
import type { Subject } from './subject.ts';
import { runToEnd } from './world.ts';

export const java: Subject = {
  what: 'the dynamic API and informers of the Java client',
  async prepare(report) {
    await javaClasses(report);
  },
  async run(world, checks) {
    await world.apply(pots.definition);
    await world.kubectl(['wait', '--for=condition=Established', `crd/${pots.definition.metadata.name}`]);
    await checks.check('writes and an informer', async () => {
      const path = join(await javaClasses(() => {}), '*');
      assert.match(await runToEnd(['java', '-cp', path, 'Informers', world.cluster.kubeconfig]), /^done$/m);
    });
    await world.kubectl(['delete', 'crd', pots.definition.metadata.name, '--timeout=60s']);
  },
};
