/** Devices that an administrator declares, and those of CDI specs, in containers of a real engine. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { nodes, pods } from '../../api/resources/core.ts';
import { deviceClasses, resourceClaimTemplates } from '../../api/resources/resource.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import type { DeviceClass, ResourceClaimTemplate } from '../../api/types/resource/v1.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import type { RunningKubelet } from '../../kubelet/kubelet.ts';
import { type Scheduler, startScheduler } from '../../scheduler/scheduler.ts';
import { startTestEngine, type TestEngine } from '../support/docker-engine.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { podUntil, startTestKubelet, untilPodIsGone } from '../support/test-kubelet.ts';

const podCidr = '10.244.209.0/24';
const namespace = 'default';

describe('devices in containers', { timeout: 300_000 }, () => {
  let engine: TestEngine;
  let server: TestApiServer;
  let manager: Running;
  let scheduler: Scheduler;
  let kubelet: RunningKubelet;

  before(async () => {
    engine = await startTestEngine({ podCidr });
    await engine.importBusybox('busybox:1');
    // A node of the kernel's `zero`, under names that no image has.
    const zero = join(engine.folder, 'zero');
    await promisify(execFile)('mknod', [zero, 'c', '1', '5']);
    const devicesFile = join(engine.folder, 'devices.yaml');
    // One that containers may not use unless somebody says so; nothing needs to be behind it.
    const strict = join(engine.folder, 'strict');
    await promisify(execFile)('mknod', [strict, 'c', '10', '229']);
    await writeFile(devicesFile, declare(zero, strict));
    await mkdir('/etc/cdi', { recursive: true }); // of the sandbox
    await writeFile('/etc/cdi/card.json', JSON.stringify(cdiSpec(zero)));
    server = await startTestApiServer();
    const options = { connection: server.connection, logger: silentLogger, leaderElect: false, identity: 'one' };
    manager = await startControllerManager({ ...options, controllers: ['resourceclaim-controller'] });
    scheduler = await startScheduler(options);
    kubelet = await startTestKubelet({ engine, server, podCidr, devicesFile });
    await server.client.patch<Node>(nodes, { name: 'node-1' }, { type: 'merge', body: { spec: { taints: null } } });
  });
  after(async () => {
    await kubelet?.stop();
    await scheduler?.stop();
    await manager?.stop();
    await server?.stop();
    await engine?.stop();
  });

  const declare = (zero: string, strict: string) => `
apiVersion: kubelet.longshore.dev/v1
kind: NodeDevices
devices:
- name: gift
  nodes:
  - { path: ${zero}, containerPath: /dev/gift }
  - { path: ${strict}, containerPath: /dev/strict, permissions: r }
- name: counted
  nodes: [{ path: ${zero}, containerPath: /dev/counted }]
  extendedResource: example.com/counted
`;
  const cdiSpec = (zero: string) => ({
    cdiVersion: '0.6.0',
    kind: 'example.com/card',
    devices: [
      { name: 'one', containerEdits: { env: ['CARD=one'], deviceNodes: [{ path: '/dev/card', hostPath: zero }] } },
    ],
  });

  async function createClass(name: string, expression: string): Promise<void> {
    await server.client.create<DeviceClass>(deviceClasses, {
      metadata: { name },
      spec: { selectors: [{ cel: { expression } }] },
    });
    await server.client.create<ResourceClaimTemplate>(resourceClaimTemplates, {
      metadata: { namespace, name },
      spec: { spec: { devices: { requests: [{ name: 'wish', exactly: { deviceClassName: name } }] } } },
    });
  }

  /** What the script says in a pod that asks for a device, once it is done. */
  async function sayIn(name: string, script: string, resources: object, spec: object = {}): Promise<string> {
    await server.client.create<Pod>(pods, {
      metadata: { namespace, name },
      spec: {
        ...{ terminationGracePeriodSeconds: 0, restartPolicy: 'Never', ...spec },
        containers: [{ name: 'c', image: 'busybox:1', command: ['sh', '-c', script], resources }],
      },
    });
    await podUntil(server, name, ({ status }) => status?.phase === 'Succeeded');
    const { text } = await server.client.raw('GET', `/api/v1/namespaces/${namespace}/pods/${name}/log`);
    await server.client.delete(pods, { namespace, name });
    await untilPodIsGone(server, name);
    return text.trim();
  }

  it('are those of the claim, with the permissions that were declared', async () => {
    await createClass(
      'gift',
      'device.driver == "docker.longshore.dev" && !("cdiDevice" in device.attributes["docker.longshore.dev"])',
    );
    const script = [
      'head -c 3 /dev/gift | wc -c',
      'echo $LONGSHORE_DEVICES_WISH',
      '(echo x >/dev/strict) 2>&1 | grep -o "not permitted"',
      '[ -e /dev/counted ] || echo "nothing else"',
    ].join('; ');
    const spec = { resourceClaims: [{ name: 'mine', resourceClaimTemplateName: 'gift' }] };
    const said = await sayIn('gift', script, { claims: [{ name: 'mine' }] }, spec);
    assert.deepEqual(said.split(/\s*\n\s*/), ['3', 'gift', 'not permitted', 'nothing else']);
  });

  it('are counted by number', async () => {
    await eventually('the node counts it', async () => {
      const { status } = await server.client.get<Node>(nodes, { name: 'node-1' });
      return status?.allocatable?.['example.com/counted'] === '1';
    });
    const resources = { limits: { 'example.com/counted': '1' } };
    assert.equal(await sayIn('counted', 'head -c 4 /dev/counted | wc -c', resources), '4');
  });

  it('are those of a CDI spec, whether the engine knows CDI or not', async () => {
    await createClass(
      'card',
      'device.attributes["docker.longshore.dev"].?cdiDevice.orValue("") == "example.com/card=one"',
    );
    const spec = { resourceClaims: [{ name: 'mine', resourceClaimTemplateName: 'card' }] };
    const said = await sayIn('card', 'head -c 5 /dev/card | wc -c; echo $CARD', { claims: [{ name: 'mine' }] }, spec);
    assert.deepEqual(said.split(/\s*\n\s*/), ['5', 'one']);
  });
});
