/**
 * A manager of controller-runtime (`manager/`), as operators are built with it: its kind in two versions, webhooks by
 * Service, two replicas that elect a leader; killed, and left without an API server.
 */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, issueCertificate } from '../../base/certificates.ts';
import { packageRoot } from '../../base/package-root.ts';
import { runningContainers } from '../support/engine-state.ts';
import { eventually } from '../support/eventually.ts';
import { builtManager } from './artifacts.ts';
import type { Checks } from './checks.ts';
import { importProgram } from './images.ts';
import type { Subject } from './subject.ts';
import { runToEnd, type World } from './world.ts';

const namespace = 'sites';
const manifests = join(packageRoot, 'test/real/manager/manifests.yaml');

export const manager: Subject = {
  what: 'a manager of controller-runtime, with a kind in two versions and webhooks',
  async prepare(report) {
    await builtManager(report);
  },
  async run(world, checks) {
    await checks.check('it is installed, and one of its replicas leads', () => install(world));
    await checkVersions(world, checks);
    await checkWebhooks(world, checks);
    await checkReconciling(world, checks);
    await checkRestarts(world, checks);
    await checkEnd(world, checks);
  },
};

interface Site {
  readonly apiVersion: string;
  readonly metadata: {
    readonly uid: string;
    readonly generation: number;
    readonly finalizers?: readonly string[];
  };
  readonly spec: {
    readonly replicas?: number;
    readonly content: { readonly text: string; readonly language?: string };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly { readonly message: string }[];
  };
}

interface OwnedSite {
  readonly metadata: {
    readonly managedFields: readonly {
      readonly manager: string;
      readonly operation: string;
      readonly apiVersion: string;
    }[];
  };
}

const site = (name: string, text: string, others: object = {}) => ({
  apiVersion: 'sites.example.com/v1',
  kind: 'Site',
  metadata: { name, namespace, ...others },
  spec: { content: { text } },
});
const oldSite = (name: string, text: string) => ({
  apiVersion: 'sites.example.com/v1alpha1',
  kind: 'Site',
  metadata: { name, namespace },
  spec: { text, copies: 2 },
});

async function install(world: World): Promise<string> {
  await importProgram('longshore-real/manager:1', await builtManager(() => {}));
  const authority = await createAuthority('sites');
  const pair = await issueCertificate(authority, {
    ...{ commonName: 'webhooks', dnsNames: ['webhooks.sites.svc'], usages: ['server'] },
  });
  const bundle = Buffer.from(authority.certificate).toString('base64');
  const text = (await readFile(manifests, 'utf8')).replaceAll('CA_BUNDLE', bundle);
  await world.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await world.apply({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'certificates', namespace } },
    stringData: { 'tls.crt': pair.certificate, 'tls.key': pair.key },
  });
  await world.kubectl(['apply', '-f', '-'], { stdin: text });
  await world.kubectl(['-n', namespace, 'rollout', 'status', 'deployment/manager', '--timeout=120s']);
  return await eventually('somebody leads', () => leader(world));
}

async function leader(world: World): Promise<string | undefined> {
  const words = ['-n', namespace, 'get', 'lease', 'sites.example.com', '-o', 'jsonpath={.spec.holderIdentity}'];
  return (await world.kubectl(words)).split('_')[0] || undefined;
}

const siteOf = (world: World, name: string) => world.get<Site>(['-n', namespace, 'sites', name]);
const ready = (world: World, name: string) =>
  world.kubectl(['-n', namespace, 'wait', '--for=condition=Ready', '--timeout=60s', `site/${name}`]);
const configMap = (world: World, name: string) =>
  world.get<{
    readonly data?: Record<string, string>;
    readonly metadata: {
      readonly ownerReferences?: readonly { readonly uid: string; readonly kind: string }[];
      readonly managedFields: readonly { readonly manager: string; readonly operation: string }[];
    };
  }>(['-n', namespace, 'configmap', name]);

async function checkVersions(world: World, checks: Checks): Promise<void> {
  await checks.check('an object in the old version is read in both', async () => {
    const warnings = await world.kubectlErrors(['apply', '--server-side', '-f', '-'], {
      stdin: JSON.stringify(oldSite('old', 'hello')),
    });
    assert.match(warnings, /Warning: sites.example.com\/v1alpha1 Site is deprecated/);
    const { apiVersion, spec } = await siteOf(world, 'old');
    assert.equal(apiVersion, 'sites.example.com/v1');
    assert.deepEqual(spec, { content: { text: 'hello', language: 'en' }, replicas: 2 });
    const old = await world.get<{ spec: object }>(['-n', namespace, 'sites.v1alpha1.sites.example.com', 'old']);
    assert.deepEqual(old.spec, { text: 'hello', language: 'en', copies: 2 });
  });
  await checks.check('to apply it in the old version again changes nothing', async () => {
    const before = await eventuallySettled(world, 'old');
    await world.apply(oldSite('old', 'hello'));
    assert.deepEqual((await siteOf(world, 'old')).metadata, before.metadata);
    const owners = await world.get<OwnedSite>(['-n', namespace, 'sites', 'old', '--show-managed-fields']);
    assert.deepEqual(
      owners.metadata.managedFields
        .map(({ manager, operation, apiVersion }) => [manager, operation, apiVersion])
        .sort(),
      [
        ['kubectl', 'Apply', 'sites.example.com/v1alpha1'],
        ['manager', 'Update', 'sites.example.com/v1'],
        ['manager', 'Update', 'sites.example.com/v1'],
      ],
    );
  });
  await checks.check('what cannot be converted is refused with the reason', async () => {
    const why = await world.whyRefused(oldSite('never', 'unconvertible'));
    assert.match(why, /conversion webhook for sites.example.com\/v1alpha1, Kind=Site failed/);
    assert.match(why, /the text of never cannot be converted/);
  });
  await checks.check('a patch and a list in the old version', async () => {
    const kind = 'sites.v1alpha1.sites.example.com';
    await world.kubectl(['-n', namespace, 'patch', kind, 'old', '--type=merge', '-p', '{"spec":{"text":"changed"}}']);
    assert.equal((await siteOf(world, 'old')).spec.content.text, 'changed');
    const { items } = await world.get<{ items: readonly { spec: { text?: string } }[] }>(['-n', namespace, kind]);
    assert.deepEqual(
      items.map(({ spec }) => spec.text),
      ['changed'],
    );
  });
}

/** Once the manager has nothing more to write on it. */
async function eventuallySettled(world: World, name: string): Promise<Site> {
  await ready(world, name);
  return await eventually(`${name} is settled`, async () => {
    const one = await siteOf(world, name);
    return one.status?.observedGeneration === one.metadata.generation && one;
  });
}

async function checkWebhooks(world: World, checks: Checks): Promise<void> {
  await checks.check('the webhook fills in, by kubectl create too', async () => {
    await world.kubectl(['create', '-f', '-'], { stdin: JSON.stringify(site('new', 'good day')) });
    assert.equal((await siteOf(world, 'new')).spec.content.language, 'en');
  });
  await checks.check('the schema refuses, and a rule of it', async () => {
    assert.match(
      await world.whyRefused({ ...site('bad', 'x'), spec: { content: { text: 'x' }, replicas: 9 } }),
      /spec.replicas: Invalid value: 9: spec.replicas in body should be less than or equal to 5/,
    );
    assert.match(
      await world.whyRefused({ ...site('bad', ''), spec: { content: { text: '' }, replicas: 1 } }),
      /a site without a text has no replicas/,
    );
  });
  await checks.check('the webhook refuses with the field', async () => {
    const why = await world.whyRefused(site('bad', 'spam, spam'));
    assert.match(why, /spec.content.text: Invalid value: "spam, spam": must not be spam/);
  });
  await checks.check('and a change that may not be', async () => {
    const patch = '{"spec":{"content":{"language":"de"}}}';
    const why = await world.kubectlErrors(['-n', namespace, 'patch', 'site', 'new', '--type=merge', '-p', patch]);
    assert.match(why, /spec.content.language: Invalid value: "de": does not change/);
  });
  await checks.check('its warnings reach the client, in a dry run too', async () => {
    const long = JSON.stringify(site('long', 'a text that is much longer than anybody will want to read'));
    const said = await world.kubectlErrors(['create', '--dry-run=server', '-f', '-'], { stdin: long });
    assert.match(said, /Warning: a long text is seldom read/);
  });
  await checks.check('it refuses a deletion', async () => {
    await world.apply(site('kept', 'stay', { labels: { keep: 'yes' } }));
    const why = await world.kubectlErrors(['-n', namespace, 'delete', 'site', 'kept', '--wait=false']);
    assert.match(why, /sites.sites.example.com "kept" is forbidden/);
    await world.kubectl(['-n', namespace, 'label', 'site', 'kept', 'keep-']);
  });
}

async function checkReconciling(world: World, checks: Checks): Promise<void> {
  await checks.check('pages are applied, owned, and the status says so', async () => {
    const { metadata, status } = await eventuallySettled(world, 'new');
    assert.deepEqual(metadata.finalizers, ['sites.example.com/registration']);
    assert.equal(status?.conditions?.[0]?.message, '1 sites have this text');
    const pages = await configMap(world, 'new-pages');
    assert.deepEqual(pages.data, { 'page-0': 'good day' });
    assert.deepEqual(
      pages.metadata.ownerReferences?.map(({ uid, kind }) => [uid, kind]),
      [[metadata.uid, 'Site']],
    );
  });
  await checks.check('kubectl scale, and a page fewer goes again', async () => {
    for (const count of [3, 2]) {
      await world.kubectl(['-n', namespace, 'scale', 'site', 'new', `--replicas=${count}`]);
      await eventually('as many pages', async () => {
        const { data } = await configMap(world, 'new-pages');
        return Object.keys(data ?? {}).length === count;
      });
    }
  });
  await checks.check('what another changes or deletes is mended', async () => {
    const patch = '{"data":{"page-0":"vandalised"}}';
    await world.kubectl(['-n', namespace, 'patch', 'configmap', 'new-pages', '-p', patch]);
    await eventually(
      'it is as it was',
      async () => (await configMap(world, 'new-pages')).data?.['page-0'] === 'good day',
    );
    await world.kubectl(['-n', namespace, 'delete', 'configmap', 'new-pages']);
    await eventually('it is there again', () => configMap(world, 'new-pages'));
  });
  await checks.check('columns, selectable fields, categories, explain, events', async () => {
    assert.match(
      await world.kubectl(['-n', namespace, 'get', 'st', 'new']),
      /NAME +LANGUAGE +READY +AGE\nnew +en +True +/,
    );
    const selected = await world.kubectl([
      '-n',
      namespace,
      'get',
      'st',
      '--field-selector',
      'spec.content.language=en',
      '-o',
      'name',
    ]);
    assert.match(selected, /site.sites.example.com\/new/);
    assert.match(await world.kubectl(['-n', namespace, 'get', 'all']), /site.sites.example.com\/new/);
    assert.match(await world.kubectl(['explain', 'sites.spec.content.text']), /what its pages say/);
    await eventually('an event', async () =>
      (await world.kubectl(['-n', namespace, 'describe', 'site', 'new'])).includes('PagesApplied'),
    );
  });
}

async function checkRestarts(world: World, checks: Checks): Promise<void> {
  await checks.check('the leader is killed, and the other takes over', async () => {
    const before = await leader(world);
    const container = (await runningContainers()).find(({ pod }) => pod === before);
    assert.ok(container, `no container of ${before}`);
    await runToEnd(['docker', 'kill', '--signal=KILL', container.id]);
    await world.apply(site('after-kill', 'still here'));
    await ready(world, 'after-kill');
    await world.kubectl(['-n', namespace, 'rollout', 'status', 'deployment/manager', '--timeout=120s']);
  });
  await checks.check('the API server is killed under it and comes back', async () => {
    await world.cluster.kill();
    await world.cluster.start();
    await eventually('an object is accepted', () => world.apply(site('after-outage', 'again')));
    await ready(world, 'after-outage');
  });
  await checks.check('both are restarted together, and go on', async () => {
    await world.kubectl(['-n', namespace, 'rollout', 'restart', 'deployment/manager']);
    await world.kubectl(['-n', namespace, 'rollout', 'status', 'deployment/manager', '--timeout=120s']);
    await world.kubectl(['-n', namespace, 'scale', 'site', 'after-kill', '--replicas=4']);
    await eventually('four pages', async () => {
      const { data } = await configMap(world, 'after-kill-pages');
      return Object.keys(data ?? {}).length === 4;
    });
  });
}

async function checkEnd(world: World, checks: Checks): Promise<void> {
  await checks.check('a deleted object takes with it what it owns, and what its finalizer is for', async () => {
    const said = await world.kubectlErrors(['-n', namespace, 'delete', 'site', 'new', '--timeout=60s']);
    assert.match(said, /Warning: its pages go with it/);
    await eventually('nothing is left', async () => {
      const names = await world.kubectl(['-n', namespace, 'get', 'configmaps', '-o', 'name']);
      return !names.includes('/new-');
    });
  });
  await checks.check('all go with --all', async () => {
    await world.kubectl(['-n', namespace, 'delete', 'sites', '--all', '--timeout=60s']);
  });
  await checks.check('without the manager, writes are refused with why', async () => {
    await world.kubectl(['-n', namespace, 'scale', 'deployment', 'manager', '--replicas=0']);
    await eventually('its endpoints are gone', async () => {
      const why = await world.whyRefused(site('late', 'late'));
      return /failed calling webhook "default.sites.example.com".*no endpoints available for service "webhooks"/.test(
        why,
      );
    });
  });
  await checks.check('it is removed', async () => {
    await world.kubectl(['delete', '--ignore-not-found', '--timeout=120s', '-f', manifests]);
  });
}
