/** kubecfg and kubeconfigs: `config`, several files as one, and in whose place requests are made. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { configMaps } from '../../api/resources/core.ts';
import { kubeconfigText } from '../clients/kubeconfig-text.ts';
import { TestKubecfg } from '../support/kubecfg.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

describe('kubecfg and kubeconfigs', () => {
  let server: TestApiServer;
  let kubecfg: TestKubecfg;

  before(async () => {
    server = await startTestApiServer();
    kubecfg = await TestKubecfg.open(server.connection);
    await server.client.create(configMaps, { metadata: { name: 'one', namespace: 'default' }, data: { a: '1' } });
  });
  after(async () => {
    await kubecfg.close();
    await server.stop();
  });

  it('config shows, makes, renames, uses and deletes contexts', async () => {
    const line = async (words: string) => await kubecfg.must(`config ${words}`);
    assert.equal(await line('current-context'), 'longshore\n');
    assert.match(
      await line('get-contexts'),
      /^CURRENT +NAME +CLUSTER +AUTHINFO +NAMESPACE\n\* +longshore +longshore +test/,
    );
    assert.equal(await line('set-context two --cluster longshore --user test -n web'), 'Context "two" created.\n');
    assert.equal(await line('rename-context two three'), 'Context "two" renamed to "three".\n');
    assert.equal(await line('use-context three'), 'Switched to context "three".\n');
    assert.match(await kubecfg.must('get cm one -n default -o name'), /^configmap\/one$/m);
    assert.match((await kubecfg.run('get cm')).errors, /No resources found in web namespace/);
    assert.match(await line('view --minify'), /namespace: web/);
    assert.doesNotMatch(await line('view'), /BEGIN|LS0t/);
    assert.match(await line('view --raw'), /client-key-data: LS0t/);
    await line('use-context longshore');
    assert.match(await line('delete-context three'), /^deleted context three from /);
    assert.match((await kubecfg.run('config use-context three')).errors, /no context exists with the name: "three"/);
  });

  it('config makes and deletes clusters and users, in the words of kubectl', async () => {
    const authority = await kubecfg.file('authority.pem', server.connection.certificateAuthority ?? '');
    const url = server.connection.servers[0] ?? '';
    const line = async (words: string) => await kubecfg.must(`config ${words}`);
    assert.equal(
      await line(`set-cluster here --server ${url} --certificate-authority ${authority} --embed-certs`),
      'Cluster "here" set.\n',
    );
    for (const token of ['first', 'second'])
      assert.equal(await line(`set-credentials robot --token ${token}`), 'User "robot" set.\n');
    const raw = await line('view --raw -o jsonpath={.users[?(@.name=="robot")].user}');
    assert.equal(raw, '{"token":"second"}');
    await line('set-context robotic --cluster here --user robot');
    const said = await kubecfg.run('get cm one --context robotic');
    assert.match(said.errors, /Unauthorized/);
    assert.equal(
      await line('set clusters.here.tls-server-name api'),
      'Property "clusters.here.tls-server-name" set.\n',
    );
    assert.match(await line('view'), /tls-server-name: api/);
    assert.equal(
      await line('unset clusters.here.tls-server-name'),
      'Property "clusters.here.tls-server-name" unset.\n',
    );
    assert.doesNotMatch(await line('view'), /tls-server-name/);
    await line('delete-context robotic');
    assert.match(await line('delete-user robot'), /^deleted user robot from /);
    assert.match(await line('delete-cluster here'), /^deleted cluster here from /);
    const again = await kubecfg.run('config delete-cluster here');
    assert.match(again.errors, /^error: cannot delete cluster here, not in /);
  });

  it('KUBECONFIG names several files: the first that has an entry is right', async () => {
    const context = { name: 'here', context: { cluster: 'c', user: 'u', namespace: 'default' } };
    const first = await kubecfg.file('first', { contexts: [context], 'current-context': 'here', users: [] });
    const second = await kubecfg.file('second', {
      contexts: [{ name: 'here', context: { cluster: 'gone' } }],
      'current-context': 'there',
      clusters: [{ name: 'c', cluster: { server: server.connection.servers[0], 'certificate-authority': 'ca.pem' } }],
      users: [{ name: 'u', user: { 'client-certificate': 'tls.crt', 'client-key': 'tls.key' } }],
    });
    await kubecfg.file('ca.pem', server.connection.certificateAuthority ?? '');
    await kubecfg.file('tls.crt', server.connection.clientCertificate ?? '');
    await kubecfg.file('tls.key', server.connection.clientKey ?? '');
    const environment = { KUBECONFIG: `${first}:/not/there:${second}` };
    const { code, out, errors } = await kubecfg.run('get cm one -o name', { environment });
    assert.deepEqual([code, out, errors], [0, 'configmap/one\n', '']);
    const seen = await kubecfg.run('config get-contexts -o name', { environment });
    assert.equal(seen.out, 'here\n');
    const changed = await kubecfg.run('config set-context here --current -n web', { environment });
    assert.equal(changed.out, 'Context "here" modified.\n');
    assert.match(await readFile(first, 'utf8'), /namespace: web/);
    assert.match(await readFile(second, 'utf8'), /"gone"/);
  });

  it('--as and a kubeconfig that says so make requests in the place of another', async () => {
    const who = await kubecfg.must('auth whoami --as jane --as-group devs -o jsonpath={.status.userInfo}');
    assert.match(who, /"groups":\["devs","system:authenticated"\].*"username":"jane"/);
    const refused = await kubecfg.run('get cm one --as jane');
    assert.match(refused.errors, /User "jane" cannot get resource "configmaps"/);
    assert.match((await kubecfg.run('get cm --as-group devs')).errors, /--as/);
    const text = kubeconfigText(server.connection).replace(/( +)(client-key-data)/, '$1as: joe\n$1$2');
    const file = await kubecfg.file('as-joe', text);
    assert.match(await kubecfg.must(`auth whoami --kubeconfig ${file}`), /Username +joe/);
  });

  it('auth reconcile makes roles and bindings grant what files say, and keeps the rest', async () => {
    const role = (verbs: string[]) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'r' },
      rules: [{ verbs, apiGroups: [''], resources: ['pods'] }],
    });
    const rules = '-o jsonpath={.rules[*].verbs}';
    for (const [verbs, flags, seen] of [
      [['get'], '', '["get"]'],
      [['list'], '', '["get"] ["list"]'],
      [['get'], '', '["get"] ["list"]'],
      [['get'], ' --remove-extra-permissions', '["get"]'],
    ] as const) {
      const file = await kubecfg.file('role.json', role([...verbs]));
      const out = await kubecfg.must(`auth reconcile -f ${file}${flags}`);
      assert.equal(out, 'role.rbac.authorization.k8s.io/r reconciled\n');
      assert.equal(await kubecfg.must(`get role r ${rules}`), seen);
    }
    const binding = (name: string) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'b' },
      subjects: [{ kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' }],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    });
    for (const name of ['r', 'other']) {
      await kubecfg.must(`auth reconcile -f ${await kubecfg.file('binding.json', binding(name))}`);
      assert.equal(await kubecfg.must('get rolebinding b -o jsonpath={.roleRef.name}'), name);
    }
  });

  it('completion offers what the server has, and nothing that a shell would run', async () => {
    assert.match(await kubecfg.must('completion bash'), /complete -o default -F _kubecfg kubecfg/);
    assert.match(await kubecfg.must('completion zsh'), /^#compdef kubecfg/);
    assert.match(await kubecfg.must(['completion', 'words', '--', 'get', '']), /^configmaps$/m);
    assert.equal(await kubecfg.must(['completion', 'words', '--', 'get', 'cm/']), 'cm/one\n');
    assert.equal(await kubecfg.must(['completion', 'words', '--', 'get', '$(id)/']).catch(() => ''), '');
  });
});
