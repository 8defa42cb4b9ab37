import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stored } from '../../../api/object.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import { copyOf, type DebugContainer, type DebugCopy, ephemeralContainer, nodePod } from './debug-pods.ts';

const shell: DebugContainer = {
  image: 'tools:1',
  command: ['sh'],
  argumentsOnly: false,
  env: { A: '1' },
  stdin: true,
  tty: true,
  profile: 'legacy',
};

const keep = { labels: false, annotations: false, liveness: false, readiness: false, startup: false, init: true };
const copy: DebugCopy = { ...shell, to: 'copy', images: {}, sameNode: false, keep };

const original: Stored<Pod> = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web',
    namespace: 'default',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { app: 'web' },
  },
  spec: {
    nodeName: 'n1',
    containers: [{ name: 'app', image: 'app:1', args: ['x'], livenessProbe: { httpGet: { port: 80 } } }],
    ephemeralContainers: [{ name: 'old', image: 'x' }],
  },
};

describe('debug', () => {
  it('adds a container that sees the processes of another', () => {
    assert.deepEqual(ephemeralContainer('d', shell, 'app'), {
      name: 'd',
      image: 'tools:1',
      command: ['sh'],
      env: [{ name: 'A', value: '1' }],
      stdin: true,
      tty: true,
      terminationMessagePolicy: 'FallbackToLogsOnError',
      targetContainerName: 'app',
    });
  });

  it('copies a pod that no controller and no Service takes for the first', () => {
    const { pod, container } = copyOf(original, copy, 'debugger-1');
    assert.equal(container, 'debugger-1');
    assert.deepEqual(pod.metadata, { name: 'copy', namespace: 'default' });
    assert.deepEqual(Object.keys(pod.spec ?? {}).sort(), ['containers', 'shareProcessNamespace']);
    assert.deepEqual(pod.spec?.containers[0], { name: 'app', image: 'app:1', args: ['x'] });
    assert.equal(pod.spec?.containers[1]?.image, 'tools:1');
  });

  it('changes a container of the copy, or images alone', () => {
    const changed = copyOf(original, { ...copy, image: undefined, name: 'app', sameNode: true }, '').pod.spec;
    assert.deepEqual([changed?.nodeName, changed?.containers[0]?.command], ['n1', ['sh']]);
    assert.deepEqual([changed?.containers.length, changed?.containers[0]?.args], [1, []]);
    const images = copyOf(original, { ...copy, image: undefined, images: { '*': 'new:2' } }, '');
    assert.deepEqual([images.container, images.pod.spec?.containers[0]?.image], [undefined, 'new:2']);
    assert.throws(() => copyOf(original, { ...copy, image: undefined }, ''), /must specify image/);
  });

  it('makes a pod on a node, with as much of it as the profile has', () => {
    const place = { nodeName: 'n1', name: 'p', namespace: 'default' };
    const { spec } = nodePod(place, shell);
    assert.deepEqual([spec?.hostPID, spec?.volumes?.[0]?.hostPath?.path], [true, '/']);
    assert.deepEqual(nodePod(place, { ...shell, profile: 'restricted' }).spec?.volumes, undefined);
    assert.equal(
      nodePod(place, { ...shell, profile: 'sysadmin' }).spec?.containers[0]?.securityContext?.privileged,
      true,
    );
  });
});
