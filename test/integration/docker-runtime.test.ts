/** The runtime's conformance suite on a real Docker Engine. */

import { after, before, describe } from 'node:test';
import { silentLogger } from '../../base/logger.ts';
import { DockerRuntime } from '../../kubelet/runtime/docker-runtime.ts';
import { testRuntime } from '../../kubelet/runtime/runtime-conformance.ts';
import { startTestEngine, type TestEngine } from '../support/docker-engine.ts';

describe('DockerRuntime', { timeout: 120_000 }, () => {
  let engine: TestEngine;
  let runtime: DockerRuntime;

  before(async () => {
    engine = await startTestEngine({ podCidr: '10.244.201.0/24' });
    await engine.importBusybox('busybox:1');
    runtime = new DockerRuntime({ socketPath: engine.socketPath, nodeName: 'node-1', logger: silentLogger });
    await runtime.prepare();
    await runtime.ensureNetwork('10.244.201.0/24');
  });

  after(async () => {
    await engine.stop();
  });

  testRuntime(async () => ({ runtime, imageName: 'busybox:1' }));
});
