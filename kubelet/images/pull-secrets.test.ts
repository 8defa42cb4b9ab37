import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { notFound } from '../../api/status-error.ts';
import { HeardEvents } from '../testing/heard-events.ts';
import { makePod } from '../testing/make-pod.ts';
import { PullSecrets } from './pull-secrets.ts';

type Secrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

const noCluster = { namesFor: async () => [] };

async function ask(secrets: Secrets, image: string) {
  const heard = new HeardEvents();
  const data = {
    async identifiedSecret(namespace: string, name: string) {
      const found = secrets[name];
      if (found === undefined) throw notFound({ group: '', plural: 'secrets' }, name);
      assert.equal(namespace, 'default');
      const texts = Object.entries(found).map(([key, text]) => [key, Buffer.from(text)] as const);
      return { uid: `uid of ${name}`, data: new Map(texts) };
    },
  };
  const pod = makePod({ imagePullSecrets: Object.keys(secrets).map((name) => ({ name })) });
  const all = await new PullSecrets({ data, cluster: noCluster, recorder: heard }).credentialsFor(pod, image);
  return { found: all[0]?.credentials, all, heard: heard.texts };
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const modern = (auths: object) => ({ '.dockerconfigjson': JSON.stringify({ auths }) });
/** Each server's user has its name. */
const serversOf = (...servers: string[]) =>
  modern(Object.fromEntries(servers.map((server) => [server, { auth: base64(`${server}:p`) }])));

describe('PullSecrets', () => {
  const forms: readonly [words: string, secret: Readonly<Record<string, string>>][] = [
    ['a name and a password', modern({ 'r.example': { username: 'me', password: 's:cret' } })],
    ['both in one', modern({ 'r.example': { auth: base64('me:s:cret') } })],
    [
      'both in one beside others, which do not count',
      modern({ 'r.example': { username: 'x', auth: base64('me:s:cret') } }),
    ],
    ['the old form', { '.dockercfg': JSON.stringify({ 'r.example': { auth: base64('me:s:cret') } }) }],
  ];
  for (const [words, secret] of forms)
    it(`reads ${words}`, async () => {
      const { found } = await ask({ one: secret }, 'r.example/app:1');
      assert.deepEqual(found, { username: 'me', password: 's:cret' });
    });

  // The rules of "Interpretation of config.json" in Kubernetes' page on images.
  const matches: readonly [servers: readonly string[], image: string, wanted: string | undefined][] = [
    [['r.example'], 'r.example/app:1', 'r.example'],
    [['https://r.example'], 'r.example/app:1', 'https://r.example'],
    [['https://r.example/v1/'], 'r.example/app:1', 'https://r.example/v1/'],
    [['https://r.example/v2/'], 'r.example/team/app:1', 'https://r.example/v2/'],
    [['r.example'], 'other.example/app:1', undefined],
    [['r.example'], 'r.example:5000/app', undefined],
    [['r.example:5000'], 'r.example:5000/app', 'r.example:5000'],
    [['r.example/team'], 'r.example/team/app:1', 'r.example/team'],
    [['r.example/team'], 'r.example/other/app:1', undefined],
    [['r.example', 'r.example/team'], 'r.example/team/app:1', 'r.example/team'],
    [['r.example', 'r.example/team'], 'r.example/app:1', 'r.example'],
    [['r.example/a', 'r.example/b'], 'r.example/b/app', 'r.example/b'],
    [['*.example'], 'r.example/app:1', '*.example'],
    [['*.example'], 'a.r.example/app:1', undefined],
    [['*.*.example'], 'a.r.example/app:1', '*.*.example'],
    [['pre*x.example'], 'prefix.example/app', 'pre*x.example'],
    [['pre*x.example'], 'prex.example/app', 'pre*x.example'],
    [['pre*ex.example'], 'prex.example/app', undefined],
    [['*.example'], 'example/app:1', undefined],
    [['https://index.docker.io/v1/'], 'busybox', 'https://index.docker.io/v1/'],
    [['docker.io'], 'team/app:1', 'docker.io'],
    [['index.docker.io'], 'docker.io/team/app:1', 'index.docker.io'],
    [['docker.io/team'], 'busybox', undefined],
  ];
  for (const [servers, image, wanted] of matches)
    it(`gives ${image} of ${servers.join(' and ')}: ${wanted}`, async () => {
      const { found } = await ask({ one: serversOf(...servers) }, image);
      assert.equal(found?.username, wanted?.split(':')[0]);
    });

  it('chooses among all secrets; the first of equals', async () => {
    const secrets = {
      one: serversOf('r.example'),
      two: modern({ 'r.example': { username: 'late', password: '' } }),
      three: serversOf('r.example/team'),
    };
    assert.equal((await ask(secrets, 'r.example/team/app')).found?.username, 'r.example/team');
    assert.equal((await ask(secrets, 'r.example/app')).found?.username, 'r.example');
  });

  it('offers all that stand for the image, and where each is from', async () => {
    const again = modern({ 'r.example': { auth: base64('r.example:p') } });
    const { all } = await ask(
      { one: serversOf('r.example'), two: again, three: serversOf('*.example') },
      'r.example/a',
    );
    assert.deepEqual(
      all.map(({ source }) => source.name),
      ['one', 'two', 'three'],
    );
    assert.deepEqual(all[0]?.source, { namespace: 'default', name: 'one', uid: 'uid of one' });
    assert.equal(all[0]?.hash, all[1]?.hash);
    assert.notEqual(all[0]?.hash, all[2]?.hash);
    assert.ok(!JSON.stringify(all.map(({ hash }) => hash)).includes('r.example'));
  });

  it("takes the cluster's for the pod's namespace after the pod's own", async () => {
    const heard = new HeardEvents();
    const data = {
      identifiedSecret: async (namespace: string, name: string) => ({
        uid: `${namespace}/${name}`,
        data: new Map([['.dockerconfigjson', Buffer.from(serversOf('r.example')['.dockerconfigjson'])]]),
      }),
    };
    const pod = makePod({ imagePullSecrets: [{ name: 'own' }] });
    const cluster = { namesFor: async () => [{ namespace: 'kube-system', name: 'shared' }] };
    const uids = async (options: { namesFor: typeof cluster.namesFor }) => {
      const secrets = new PullSecrets({ data, cluster: options, recorder: heard });
      return (await secrets.credentialsFor(pod, 'r.example/app')).map(({ source }) => source.uid);
    };
    assert.deepEqual(await uids(cluster), ['default/own', 'kube-system/shared']);
    assert.deepEqual(heard.texts, []);
    const away = { namesFor: async () => Promise.reject(new Error('away')) };
    assert.deepEqual(await uids(away), ['default/own']);
    assert.match(heard.texts.join(), /Unable to retrieve some image pull secrets \(the cluster's own\)/);
  });

  it('goes on without those that are missing or damaged, and tells so', async () => {
    assert.deepEqual((await ask({}, 'r.example/app')).heard, []);
    const heard = new HeardEvents();
    const data = {
      async identifiedSecret(_namespace: string, name: string) {
        if (name === 'gone') throw notFound({ group: '', plural: 'secrets' }, name);
        const text = name === 'damaged' ? '{' : serversOf('r.example')['.dockerconfigjson'];
        return { uid: 'u', data: new Map([['.dockerconfigjson', Buffer.from(text)]]) };
      },
    };
    const pod = makePod({ imagePullSecrets: ['gone', 'damaged', 'good'].map((name) => ({ name })) });
    const secrets = new PullSecrets({ data, cluster: noCluster, recorder: heard });
    const [found] = await secrets.credentialsFor(pod, 'r.example/app');
    assert.equal(found?.credentials.username, 'r.example');
    assert.deepEqual(heard.texts, [
      'Warning FailedToRetrieveImagePullSecret Unable to retrieve some image pull secrets (gone, damaged); attempting to pull the image may not succeed.',
    ]);
  });

  it('knows nothing of a secret of another type', async () => {
    assert.equal((await ask({ one: { token: 'x' } }, 'r.example/app')).found, undefined);
  });
});
