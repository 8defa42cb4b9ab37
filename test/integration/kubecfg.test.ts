/** kubecfg against the real API server: every verb, classic and of today, and what mistakes get. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configMaps, pods, replicationControllers, services } from '../../api/resources/core.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import { eventually } from '../support/eventually.ts';
import { TestKubecfg } from '../support/kubecfg.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';

function podManifest(name: string, labels: Record<string, string> = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: { containers: [{ name: 'a', image: 'img:1' }] },
  };
}

function podIn(namespace: string, name: string): Pod {
  return { metadata: { name, namespace }, spec: { containers: [{ name: 'a', image: 'img:1' }] } };
}

function configMapManifest(name: string, data: Record<string, string>) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

describe('kubecfg', () => {
  let server: TestApiServer;
  let kubecfg: TestKubecfg;

  before(async () => {
    server = await startTestApiServer();
    kubecfg = await TestKubecfg.open(server.connection);
  });
  after(async () => {
    await kubecfg.close();
    await server.stop();
  });

  describe('classic verbs', () => {
    it('create, list, get, update and delete a pod, in tables of the first days', async () => {
      const file = await kubecfg.file('pod.json', podManifest('classic', { name: 'classic' }));
      const table = [
        'Name                Image(s)            Host                Labels              Status',
        '----------          ----------          ----------          ----------          ----------',
        'classic             img:1               <unassigned>        name=classic        Pending',
        '\n',
      ].join('\n');
      assert.equal(await kubecfg.must(`-c ${file} create pods`), table);
      assert.equal(await kubecfg.must('list pods'), table);
      assert.equal(await kubecfg.must('list /pods'), table);
      assert.equal(await kubecfg.must('-l name=classic list pods'), table);
      assert.doesNotMatch(await kubecfg.must('-l name=other list pods'), /classic/);
      assert.equal(await kubecfg.must('get pods/classic'), table);

      const changed = await kubecfg.file('changed.json', podManifest('classic', { name: 'changed' }));
      assert.match(await kubecfg.must(`-c ${changed} update pods/classic`), /name=changed/);
      assert.equal(await kubecfg.must('delete pods/classic'), 'Status\n----------\nSuccess\n\n');
    });

    it('run makes a controller with ports, and with -s a service', async () => {
      const yaml = await kubecfg.must('-p 8080:80,443 -s 8000 run nginx 2 Front-end'.toLowerCase());
      assert.match(yaml, /^apiVersion: v1\nkind: ReplicationController\n[\s\S]*---\napiVersion: v1\nkind: Service\n/);
      const { spec } = await server.client.get(replicationControllers, { namespace, name: 'front-end' });
      assert.equal(spec?.replicas, 2);
      assert.deepEqual(spec?.selector, { name: 'front-end' });
      const [container] = spec?.template?.spec?.containers ?? [];
      assert.deepEqual(
        container?.ports?.map(({ hostPort, containerPort }) => [hostPort, containerPort]),
        [
          [8080, 80],
          [undefined, 443],
        ],
      );
      const service = await server.client.get(services, { namespace, name: 'front-end' });
      assert.equal(service.spec?.ports?.[0]?.port, 8000);
      assert.deepEqual(service.spec?.selector, { name: 'front-end' });
    });

    it('resize, stop and rm end a controller, in this order only', async () => {
      await kubecfg.must('run nginx 2 sized');
      assert.match(await kubecfg.must('resize sized 5'), /^ {2}replicas: 5$/m);
      const refused = await kubecfg.run('rm sized');
      assert.equal(refused.code, 1);
      assert.match(refused.errors, /^controller has non-zero replicas \(5\), please stop it first/);
      await kubecfg.must('stop sized');
      await kubecfg.must('rm sized');
      await assert.rejects(server.client.get(replicationControllers, { namespace, name: 'sized' }), isNotFound);
    });

    it('print shows a file without a server', async () => {
      const file = await kubecfg.file('print.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: {name: printed}\n');
      assert.match(await kubecfg.must(`-h nowhere.invalid:1 -c ${file} print pods`), /^printed /m);
      assert.match(await kubecfg.must(`-yaml -c ${file} print pods`), /^kind: Pod$/m);
    });

    it('a file that cannot be read is named, with why, by every command that reads one', async () => {
      const lines = [
        '-c /nowhere/a.yaml print pods',
        '-c /nowhere/a.yaml create pods',
        'create -f /nowhere/a.yaml',
        'apply -f /nowhere/a.yaml',
        'delete -f /nowhere/a.yaml',
      ];
      for (const line of lines) {
        const { code, errors } = await kubecfg.run(line);
        assert.equal(code, 1, line);
        assert.equal(errors, 'Cannot read the manifest /nowhere/a.yaml: no such file or folder\n', line);
      }
      const file = await kubecfg.file('readable.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n');
      assert.match((await kubecfg.run(`-c ${file}/x print pods`)).errors, /: a part of its path is no folder\n$/);
      const template = await kubecfg.run(`-template_file /nowhere/t -c ${file} print pods`);
      assert.equal(template.errors, 'Cannot read the template /nowhere/t: no such file or folder\n');
    });

    it('-json, -yaml and -template choose the format', async () => {
      await kubecfg.must('run nginx 1 formatted');
      const json = JSON.parse(await kubecfg.must('-json list replicationControllers')) as { kind: string };
      assert.equal(json.kind, 'ReplicationControllerList');
      assert.match(await kubecfg.must('-yaml get replicationControllers/formatted'), /^kind: ReplicationController$/m);
      const template = '{{range .items}}{{.metadata.name}}={{.spec.replicas}};{{end}}';
      assert.match(await kubecfg.must(['-template', template, 'list', 'replicationControllers']), /formatted=1;/);
      const file = await kubecfg.file('template', template);
      assert.match(await kubecfg.must(`-template_file ${file} list replicationControllers`), /formatted=1;/);
    });

    it('minions are nodes', async () => {
      assert.equal(await kubecfg.must('list minions'), 'Minion identifier\n----------\n\n');
    });
  });

  describe('verbs of today', () => {
    it('get shows tables, wide ones, labels, names, YAML and JSON', async () => {
      const file = await kubecfg.file('web.json', podManifest('web', { app: 'web' }));
      assert.equal(await kubecfg.must(`create -f ${file}`), 'pod/web created\n');
      assert.match(await kubecfg.must('get pods'), /^NAME +READY +STATUS +RESTARTS +AGE\n/);
      assert.match(await kubecfg.must('get po web -o wide'), /NODE/);
      assert.match(await kubecfg.must('get Pod --show-labels'), /web .*app=web$/m);
      assert.match(await kubecfg.must('get pods -A'), /^NAMESPACE +NAME/);
      assert.equal(await kubecfg.must('get pod/web -o name'), 'pod/web\n');
      assert.match(await kubecfg.must('get pod web -o yaml'), /^kind: Pod$/m);
      assert.doesNotMatch(await kubecfg.must('get pod web -o yaml'), /managedFields/);
      const list = JSON.parse(await kubecfg.must('get pods -l app=web -o json')) as { kind: string; items: unknown[] };
      assert.deepEqual([list.kind, list.items.length], ['List', 1]);
      assert.match(await kubecfg.must('get pods,namespaces'), /^pod\/web [\s\S]*\n\nNAME[\s\S]*^namespace\/default /m);
      assert.doesNotMatch(await kubecfg.must('get pods --field-selector metadata.name!=web'), /^web /m);
    });

    it('get -w goes on with changes until it is stopped', async () => {
      const stop = new AbortController();
      let shown = '';
      const onOutput = (all: string) => {
        shown = all;
      };
      await server.client.create(configMaps, { metadata: { name: 'first', namespace } });
      const watching = kubecfg.run('get configmaps -w -o name', { signal: stop.signal, onOutput });
      await eventually('it shows what is there', () => shown.includes('configmap/first'));
      await server.client.create(configMaps, { metadata: { name: 'seen', namespace } });
      await eventually('it shows what came', () => shown.includes('configmap/seen'));
      stop.abort();
      const { code, out } = await watching;
      assert.equal(code, 0);
      assert.match(out, /^configmap\/seen$/m);
    });

    it('apply makes, changes, and leaves alone; --dry-run does nothing', async () => {
      const first = await kubecfg.file('applied.json', configMapManifest('applied', { a: '1', b: '2' }));
      assert.equal(await kubecfg.must(`apply -f ${first}`), 'configmap/applied created\n');
      assert.equal(await kubecfg.must(`apply -f ${first}`), 'configmap/applied unchanged\n');
      const second = await kubecfg.file('changed.json', configMapManifest('applied', { a: '3' }));
      await kubecfg.must(`apply --dry-run -f ${second}`);
      assert.deepEqual((await server.client.get(configMaps, { namespace, name: 'applied' })).data, { a: '1', b: '2' });
      assert.equal(await kubecfg.must(`apply -f ${second}`), 'configmap/applied configured\n');
      assert.deepEqual((await server.client.get(configMaps, { namespace, name: 'applied' })).data, { a: '3' });
    });

    it('apply says who else set a field, and takes it over when told to', async () => {
      const file = await kubecfg.file('contested.json', configMapManifest('contested', { a: '1' }));
      await kubecfg.must(`apply -f ${file}`);
      const patch = { type: 'merge', body: { data: { a: 'theirs' } } } as const;
      await server.client.patch(configMaps, { namespace, name: 'contested' }, patch, { fieldManager: 'somebody' });
      const refused = await kubecfg.run(`apply -f ${file}`);
      assert.equal(refused.code, 1);
      assert.match(refused.errors, /somebody[\s\S]*--force-conflicts takes these fields over/);
      await kubecfg.must(`apply --force-conflicts -f ${file}`);
      assert.deepEqual((await server.client.get(configMaps, { namespace, name: 'contested' })).data, { a: '1' });
    });

    it('scale changes replicas, and can insist on how many there were', async () => {
      await kubecfg.must('run nginx 1 scaled');
      assert.equal(await kubecfg.must('scale rc/scaled --replicas 4'), 'replicationcontroller/scaled scaled\n');
      const { spec } = await server.client.get(replicationControllers, { namespace, name: 'scaled' });
      assert.equal(spec?.replicas, 4);
      const refused = await kubecfg.run('scale rc scaled --replicas 2 --current-replicas 1');
      assert.match(refused.errors, /^error: Expected replicas to be 1, was 4\n/);
    });

    it('delete takes names, selectors and files, and waits until they are gone', async () => {
      for (const name of ['d1', 'd2', 'd3']) {
        await server.client.create(configMaps, { metadata: { name, namespace, labels: { group: 'd' } } });
      }
      assert.equal(await kubecfg.must('delete cm d1'), 'configmap "d1" deleted\n');
      assert.equal(await kubecfg.must('delete cm -l group=d'), 'configmap "d2" deleted\nconfigmap "d3" deleted\n');
      assert.equal((await kubecfg.run('delete cm d1')).code, 1);
      assert.equal((await kubecfg.run('delete cm d1 --ignore-not-found')).code, 0);
      const file = await kubecfg.file('d.json', configMapManifest('d4', {}));
      await kubecfg.must(`create -f ${file}`);
      assert.equal(await kubecfg.must(`delete -f ${file}`), 'configmap "d4" deleted\n');
      assert.match(
        (await kubecfg.run('delete cm')).errors,
        /^error: resource\(s\) were provided, but no name was specified$/m,
      );
    });

    it('describe shows an object with its events', async () => {
      await server.client.create(pods, podIn(namespace, 'described'));
      const text = await kubecfg.must('describe pod described');
      assert.match(text, /^Name: +described$/m);
      assert.match(text, /^ +Image: +img:1$/m);
      assert.match(text, /^Events: +<none>$/m);
    });

    it('wait ends when the state is there, and fails when it does not come', async () => {
      const { metadata } = await server.client.create(pods, podIn(namespace, 'awaited'));
      const waiting = kubecfg.run('wait pod/awaited --for condition=Ready --timeout 10s');
      const status = { conditions: [{ type: 'Ready', status: 'True' }] };
      await server.client.patch(pods, metadata, { type: 'merge', body: { status } }, { subresource: 'status' });
      assert.equal((await waiting).out, 'pod/awaited condition met\n');
      assert.equal(
        await kubecfg.must('wait pod awaited --for jsonpath={.status.phase}=Pending'),
        'pod/awaited condition met\n',
      );
      const late = await kubecfg.run('wait pod/awaited --for delete --timeout 200ms');
      assert.equal(late.code, 1);
      assert.match(late.errors, /timed out waiting for the condition on pods\/awaited/);
    });

    it('auth says what one may do, by words and exit code, and who one is', async () => {
      assert.equal(await kubecfg.must('auth can-i create deployments.apps -n a'), 'yes\n');
      const reader = await TestKubecfg.open(await server.connectAs('reader', ['readers']));
      try {
        const asked: readonly (readonly [line: string, code: number, out: string, errors: string])[] = [
          ['can-i get /version', 0, 'yes\n', ''],
          ['can-i get po/web --subresource log', 1, 'no\n', ''],
          ['can-i list nodes', 1, 'no\n', "Warning: resource 'nodes' is not namespace scoped\n"],
          ['can-i get nonsense -q', 1, '', "Warning: the server doesn't have a resource type 'nonsense'\n"],
        ];
        for (const [line, code, out, errors] of asked)
          assert.deepEqual(await reader.run(`auth ${line}`), { code, out, errors }, line);
        assert.match(
          await reader.must('auth can-i --list'),
          /selfsubjectreviews.authentication.k8s.io +\[\] +\[\] +\[create\]/,
        );
        assert.match(
          await reader.must('auth whoami'),
          /^ATTRIBUTE +VALUE\nUsername +reader\nGroups +\[readers system:authenticated\]\nExtra: \S+credential-id +\[X509SHA256=\w{64}\]\n$/,
        );
        const { status } = JSON.parse(await reader.must('auth whoami -o json'));
        const { extra, ...user } = status.userInfo;
        assert.deepEqual(user, { groups: ['readers', 'system:authenticated'], username: 'reader' });
        assert.deepEqual(Object.keys(extra), ['authentication.kubernetes.io/credential-id']);
        assert.match(await reader.must('auth whoami -o yaml'), /^kind: SelfSubjectReview$/m);
      } finally {
        await reader.close();
      }
    });

    it('version and api-resources ask the server', async () => {
      assert.match(await kubecfg.must('version'), /^server: +v1\.\d+\.\d+\+longshore/m);
      assert.match(await kubecfg.must('api-resources'), /^pods +po +v1 +true +Pod$/m);
    });
  });

  describe('mistakes', () => {
    const mistakes: [line: string, says: RegExp][] = [
      ['', /Say what to do/],
      ['frobnicate', /unknown command "frobnicate"/],
      ['get pods --frob', /Unknown argument: frob/],
      ['get gadgets', /^error: the server doesn't have a resource type "gadgets"$/m],
      ['get pod/web/x', /resource\/name form must have a single resource and name/],
      ['get pods missing', /^Error from server \(NotFound\): pods "missing" not found$/m],
      [
        'get pods -o sideways',
        /unable to match a printer suitable for the output format "sideways", allowed formats are: custom-columns,/,
      ],
      ['create pods', /Need config file \(-c\)/],
      ['create -f /nowhere.yaml', /Cannot read the manifest \/nowhere\.yaml: no such file or folder/],
      ['resize web many', /replicas must be a whole number, not "many"/],
      ['-p x run nginx 1 web2', /bad port spec: x/],
      ['-s 80 run nginx 1 Not_A_Label', /A service needs a DNS label as its name/],
      ['list pods/web', /usage: kubecfg \[OPTIONS\] list <pods>/],
      ['update pods', /usage: kubecfg \[OPTIONS\] update <pods\/id>/],
      ['get pods -l a===b', /^Error from server \(BadRequest\)/],
      ['scale rc --replicas 1', /no name was specified/],
      ['up --only etcd,frob', /there is no component "frob"/],
      ['-u soon rollingupdate web', /-u must be a duration such as 60s/],
    ];
    for (const [line, says] of mistakes) {
      it(`"${line}" says what is wrong, with exit code 1`, async () => {
        const { code, errors, out } = await kubecfg.run(line === '' ? [] : line);
        assert.match(errors, says);
        assert.equal(code, 1);
        assert.equal(out, '');
      });
    }

    it('a server that is not there is named, with what to do', async () => {
      const { code, errors } = await kubecfg.run('-h https://127.0.0.1:1 get pods');
      assert.equal(code, 1);
      assert.match(errors, /127\.0\.0\.1:1[\s\S]*Is the cluster running\?/);
    });

    it('a manifest that is wrong is named with its document', async () => {
      const file = await kubecfg.file('wrong.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\nkind: Pod\n');
      assert.match((await kubecfg.run(`create -f ${file}`)).errors, /wrong\.yaml, document 2: apiVersion is missing/);
    });
  });
});
