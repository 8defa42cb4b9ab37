/**
 * Kubernetes' sample of an API server behind the API server, with the manifests that it comes with: two pods' worth of
 * somebody else's code that believes our front proxy, asks our authorizer, and watches our kinds.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { builtProgram, moduleFolder } from './artifacts.ts';
import type { Checks } from './checks.ts';
import { importProgram } from './images.ts';
import type { Subject } from './subject.ts';
import { runToEnd, type World } from './world.ts';

const apiService = 'apiservice/v1alpha1.wardle.example.com';

export const aggregatedServer: Subject = {
  what: 'sample-apiserver behind an APIService',
  async prepare(report) {
    await moduleFolder('sampleApiServer');
    await builtProgram('sample-apiserver', report);
  },
  async run(world, checks) {
    const files = ['-f', join(await moduleFolder('sampleApiServer'), 'artifacts/example')];
    await checks.check('its manifests apply as they are, and it becomes available', async () => {
      // The images that they name.
      await importProgram('kube-sample-apiserver:latest', await builtProgram('sample-apiserver', () => {}));
      await importProgram('registry.k8s.io/etcd:v3.7.0', (await runToEnd(['sh', '-c', 'command -v etcd'])).trim());
      for (const object of forgottenRights) await world.apply(object);
      await eventually('all of them apply', () => world.kubectl(['apply', ...files]), { everyMs: 500 });
      await world.kubectl(['wait', '--for=condition=Available', '--timeout=120s', apiService]);
    });
    await checkDiscovery(world, checks);
    await checkObjects(world, checks);
    await checkAbsence(world, checks);
    await checks.check('it goes, and with it its group', async () => {
      await world.kubectl(['delete', '--timeout=120s', '--ignore-not-found', ...files]);
      await world.kubectl(['delete', 'clusterrole,clusterrolebinding', policyReader]);
      await eventually('the group is gone', async () => !(await world.kubectl(['api-versions'])).includes('wardle'));
    });
  },
};

const policyReader = 'wardle-policy-reader';

/**
 * Its library waits for these policies before it takes a write, and its manifests do not let it read them: without
 * them, every write is "not yet ready to handle request".
 */
const forgottenRights = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: policyReader },
    rules: [
      {
        apiGroups: ['admissionregistration.k8s.io'],
        resources: ['mutatingadmissionpolicies', 'mutatingadmissionpolicybindings'],
        verbs: ['get', 'list', 'watch'],
      },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: policyReader },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: policyReader },
    subjects: [{ kind: 'ServiceAccount', name: 'apiserver', namespace: 'wardle' }],
  },
];

const flunder = (name: string, spec: object) => ({
  apiVersion: 'wardle.example.com/v1alpha1',
  kind: 'Flunder',
  metadata: { name, namespace: 'default', labels: { of: 'wardle' } },
  spec,
});

async function checkDiscovery(world: World, checks: Checks): Promise<void> {
  await checks.check('discovery lists its kinds among the others', async () => {
    const listed = await world.kubectl(['api-resources', '--api-group=wardle.example.com']);
    assert.match(listed, /fischers .*wardle.example.com\/v1alpha1 +false +Fischer/);
    assert.match(listed, /flunders .*wardle.example.com\/v1alpha1 +true +Flunder/);
    assert.match(await world.kubectl(['api-versions']), /^wardle.example.com\/v1alpha1$/m);
  });
  await checks.check('kubectl explain', async () => {
    const explained = await eventually('it is described', () => world.kubectl(['explain', 'flunders.spec']));
    assert.match(explained, /referenceType\s+<string>/);
  });
}

async function checkObjects(world: World, checks: Checks): Promise<void> {
  await checks.check('create, apply twice, patch, label, list by label', async () => {
    await world.kubectl(['create', '-f', '-'], { stdin: JSON.stringify(flunder('one', { reference: 'other' })) });
    for (let times = 0; times < 2; times += 1) {
      await world.kubectl(['apply', '-f', '-'], { stdin: JSON.stringify(flunder('two', {})) });
      await world.apply(flunder('three', { reference: 'one' }));
    }
    await world.kubectl(['patch', 'flunder', 'two', '--type=merge', '-p', '{"spec":{"reference":"three"}}']);
    await world.kubectl(['label', 'flunder', 'two', 'size=small']);
    assert.match(await world.kubectl(['get', 'flunders', '-l', 'size=small', '-o', 'wide']), /^NAME .*\ntwo /);
    const items = await world.kubectl(['get', 'flunders', '-o', 'jsonpath={.items[*].metadata.name}']);
    assert.equal(items, 'one three two');
  });
  await checks.check('who may not is refused', async () => {
    const words = ['get', 'flunders', '--as=somebody'];
    assert.match(
      await world.kubectlErrors(words),
      /flunders.wardle.example.com is forbidden: User "somebody" cannot list/,
    );
  });
  await checks.check('its own admission refuses what a Fischer disallows', async () => {
    const object = { ...flunder('banned', {}), kind: 'Fischer', spec: undefined, disallowedFlunders: ['evil'] };
    await world.kubectl(['create', '-f', '-'], { stdin: JSON.stringify({ ...object, metadata: { name: 'banned' } }) });
    await eventually('it knows', async () => (await world.whyRefused(flunder('evil', {}))).includes('forbidden'));
    await world.kubectl(['delete', 'fischer', 'banned']);
  });
  await checks.check('a watch', async () => {
    const watching = world.kubectl(['wait', '--for=delete', 'flunder/one', '--timeout=60s']);
    await world.kubectl(['delete', 'flunder', 'one']);
    await watching;
  });
  await checks.check('its objects go with their namespace', async () => {
    await world.kubectl(['create', 'namespace', 'passing']);
    await world.apply({ ...flunder('passing', {}), metadata: { name: 'passing', namespace: 'passing' } });
    await world.kubectl(['delete', 'namespace', 'passing', '--timeout=120s']);
    assert.doesNotMatch(await world.kubectl(['get', 'flunders', '-A', '-o', 'name']), /passing/);
  });
}

async function checkAbsence(world: World, checks: Checks): Promise<void> {
  const scale = (replicas: number) =>
    world.kubectl(['-n', 'wardle', 'scale', 'deployment', 'wardle-server', `--replicas=${replicas}`]);
  await checks.check('while it is away, its APIService says so, and only its group is missing', async () => {
    await scale(0);
    await world.kubectl(['wait', '--for=condition=Available=False', '--timeout=60s', apiService]);
    assert.match(await world.kubectl(['get', apiService]), /wardle\/api +False \(MissingEndpoints\)/);
    assert.match(
      await world.kubectlErrors(['get', '--raw', '/apis/wardle.example.com/v1alpha1/flunders']),
      /unavailable/i,
    );
    await world.kubectl(['get', 'pods', '-A']);
  });
  await checks.check('a namespace that goes meanwhile waits for it', async () => {
    await world.kubectl(['create', 'namespace', 'waiting']);
    await world.kubectl(['delete', 'namespace', 'waiting', '--wait=false']);
    await eventually('its condition names the failure', async () => {
      const { status } = await world.get<{ status: { conditions?: { type: string; status: string }[] } }>([
        'namespace',
        'waiting',
      ]);
      return status.conditions?.some(
        ({ type, status: is }) => type === 'NamespaceDeletionDiscoveryFailure' && is === 'True',
      );
    });
  });
  await checks.check('when it is back, everything goes on', async () => {
    await scale(1);
    await world.kubectl(['wait', '--for=condition=Available', '--timeout=120s', apiService]);
    await world.kubectl(['wait', '--for=delete', 'namespace/waiting', '--timeout=120s']);
  });
}
