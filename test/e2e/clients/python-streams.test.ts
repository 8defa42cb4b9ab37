/** Streams of Debian's Python client on a whole cluster: exec, attach, port-forward, logs, watch. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { runPythonChecks } from '../../support/python-client.ts';
import { bigFileSize, image, StreamingCluster } from './streaming-cluster.ts';

let target: StreamingCluster;

before(async () => {
  target = await StreamingCluster.start();
  await target.createEnding('attached-py');
  await target.createEnding('logged-py');
});
after(() => target.remove());

it('python3-kubernetes streams', async () => {
  const script = 'test/e2e/clients/python_streams.py';
  const held = await runPythonChecks(script, [target.kubeconfig, String(bigFileSize), image]);
  const subjects = new Set(held.map((name) => name.split(':')[0]));
  assert.deepEqual([...subjects].sort(), ['attach', 'exec', 'log', 'port-forward', 'proxy', 'watch']);
  const failed = await target.untilPhase('logged-py', 'Failed');
  assert.equal(failed.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 3);
});
