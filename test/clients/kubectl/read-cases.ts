/** kubectl get, describe, explain and what there is: nothing changes. */

import assert from 'node:assert/strict';
import { following } from './following.ts';
import { bare, configMap, deployment, event, many, pod } from './manifests.ts';
import type { KubectlCase } from './trial.ts';

export const readCases: readonly KubectlCase[] = [
  {
    name: 'version, api-versions, api-resources, cluster-info and config view say what there is',
    async run(t) {
      await t.shows('version', { prints: /Server Version:.*v1\.\d+\.\d+.*longshore/s });
      const versions = (await t.shows('api-versions', { prints: /^v1$/m })).split('\n');
      for (const one of ['apps/v1', 'batch/v1', 'discovery.k8s.io/v1']) assert.ok(versions.includes(one), one);
      const resources = await t.shows('api-resources', { prints: /^pods +po +v1 +true +Pod/m });
      assert.match(resources, /^namespaces +ns +v1 +false +Namespace/m);
      assert.match(await t.ok('api-resources --namespaced=false -o name'), /^nodes$/m);
      await t.shows('cluster-info', { prints: /127\.0\.0\.1|localhost/ });
      await t.shows('config view', { prints: /server: https:\/\/127\.0\.0\.1:\d+/ });
      assert.equal(JSON.parse(await t.ok('get --raw /version')).major, '1');
      await t.shows('get --raw /readyz', { prints: 'ok' });
    },
  },
  {
    name: 'get in all its forms',
    async run(t) {
      await t.ok('create -f -', { stdin: pod('seen', { app: 'seen', tier: 'a' }) });
      await t.ok('create -f -', { stdin: pod('seen-too', { app: 'seen', tier: 'b' }) });
      const shows = (command: string, prints: string | RegExp): Promise<string> => t.shows(command, { prints });
      await shows('get pods -l app=seen', /^NAME +READY +STATUS +RESTARTS +AGE\nseen +0\/1 +Pending +0 +/);
      await shows('get pods -l app=seen -o wide', /NOMINATED NODE +READINESS GATES/);
      await shows("get pods -l 'tier in (a),app' -o name", 'pod/seen\n');
      await shows('get pods -l app=seen --server-print=false', /^NAME +AGE\nseen +\S+\nseen-too/);
      await shows(
        "get pods -l app=seen --sort-by=.metadata.name -o 'jsonpath={.items[*].metadata.name}'",
        'seen seen-too',
      );
      await shows('get pod seen -o json', /"kind": "Pod"/);
      await shows('get pod seen -o yaml', /^kind: Pod$/m);
      await shows('get pods -l app=seen -L tier', /TIER\n.* a\n/);
      await shows('get pods -l app=seen --show-labels', /app=seen,tier=a/);
      await shows('get pods -l app=seen -o custom-columns=N:.metadata.name', /^N\nseen\nseen-too\n$/);
      await shows('get pods --field-selector metadata.name=seen -o name', 'pod/seen\n');
      await shows('get pods -A', /^NAMESPACE +NAME/);
      await shows('get pod/seen pod/seen-too -o name', 'pod/seen\npod/seen-too\n');
      await shows('get all', /pod\/seen/);
      assert.match(await t.ok('get pod/seen service/kubernetes -n default --ignore-not-found'), /kubernetes/);
      assert.match(await t.refused('get pods absent'), /Error from server \(NotFound\): pods "absent" not found/);
      assert.match(await t.refused('get bogus'), /the server doesn't have a resource type "bogus"/);
      assert.match(await t.refused("get pods -l 'app in'"), /selector|parse/);
    },
  },
  {
    name: 'get names several, of several kinds',
    async run(t) {
      await t.ok('create -f -', { stdin: many(configMap('sev-a', {}), configMap('sev-b', {}), pod('sev')) });
      const names = 'configmap/sev-a\nconfigmap/sev-b\npod/sev\n';
      assert.equal(await t.ok('get configmap/sev-a configmap/sev-b pod/sev -o name'), names);
      assert.match(await t.ok('get configmap,pod -o name'), /configmap\/sev-a\n.*pod\/sev/s);
    },
  },
  {
    name: 'get -w follows changes of many, and of one',
    async run(t) {
      await following(t, 'get configmaps -w -o name -l followed=yes', /^(configmap\/followed\n){2}/, async (begun) => {
        await t.ok('create -f -', { stdin: bare('ConfigMap', 'followed', { followed: 'yes' }) });
        await begun(/followed/);
        await t.ok('annotate configmap followed a=b');
      });
      const kinds = /"kind": "ConfigMap"(.*\n)*.*"note": "later"/;
      await following(t, 'get configmap followed -w -o json', kinds, async (begun) => {
        await begun(/"name": "followed"/);
        await t.ok('annotate configmap followed note=later');
      });
    },
  },
  {
    name: 'describe',
    async run(t) {
      await t.ok('create -f -', { stdin: pod('described') });
      await t.ok('create -f -', { stdin: deployment('described') });
      await t.ok('create service clusterip described --tcp=80');
      await t.shows('describe pod described', { prints: /Image: +registry\.local\/app:1/ });
      await t.shows('describe deployment described', { prints: /Replicas: +2 desired/ });
      await t.shows('describe service described', { prints: /Type: +ClusterIP/ });
      await t.shows(`describe namespace ${t.namespace}`, { prints: /Status: +Active/ });
    },
  },
  {
    name: 'explain reads the schema, with descriptions',
    async run(t) {
      await t.shows('explain pods.spec.containers.image', { prints: /FIELD: +image.*<string>.*DESCRIPTION:\s+\S+/s });
      await t.shows('explain deployment --recursive', { prints: /maxSurge/ });
      assert.match(await t.refused('explain pods.spec.bogus'), /field "bogus" does not exist/);
    },
  },
  {
    name: 'events, of one object, and as they come',
    since: 28,
    async run(t) {
      await t.ok('create -f -', { stdin: event('web.1', t.namespace) });
      await t.shows('events', { prints: /Scheduled +Pod\/web +placed web\.1/ });
      await t.shows('events --for pod/web', { prints: /placed web\.1/ });
      assert.match(await t.ok('get events --field-selector reason=Scheduled'), /placed/);
      await following(t, 'events --watch', /placed web\.2/, async (begun) => {
        await begun(/placed web\.1/);
        await t.ok('create -f -', { stdin: event('web.2', t.namespace) });
      });
    },
  },
];
