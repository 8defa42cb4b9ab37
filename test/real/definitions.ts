/**
 * The definitions that operators bring, as their projects publish them: applied, applied again, explained; their
 * projects' examples accepted, and what their schemas and rules refuse refused with the reason that upstream gives.
 */

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import yaml from 'js-yaml';
import { isRecord } from '../../api/json-record.ts';
import { apiPathOf } from '../../api/resource.ts';
import { customResourceDefinitions } from '../../api/resources/apiextensions.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Client } from '../../client/client.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { MeasuredApiServer } from '../support/measured-api-server.ts';
import { moduleFolder } from './artifacts.ts';
import { badObjects } from './bad-objects.ts';
import type { Checks } from './checks.ts';
import { type Operator, operators } from './operators.ts';
import type { Subject } from './subject.ts';
import type { World } from './world.ts';

/** The longest that judging a definition may hold up everybody else, in ms. */
const patienceMs = 100;

export const definitions: Subject = {
  what: 'the definitions of cert-manager, the Prometheus operator, Argo CD and Gateway API',
  async prepare(report) {
    for (const { module } of operators) {
      report(`Looking for ${module}`);
      await moduleFolder(module);
    }
  },
  async run(world, checks) {
    for (const operator of operators) await checkOperator(world, checks, operator);
    await checkGatewayPolicy(world, checks);
    for (const operator of operators) await checkRemoval(world, checks, operator);
    await checks.check('the event loop is not held while they are judged', measureJudging);
  },
};

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name?: string; readonly namespace?: string; readonly resourceVersion?: string };
}

interface Definition extends Manifest {
  readonly spec: { readonly group: string; readonly names: { readonly plural: string } };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function checkOperator(world: World, checks: Checks, operator: Operator): Promise<void> {
  const root = await moduleFolder(operator.module);
  const { name } = operator;
  const files = await yamlFiles(join(root, operator.definitions));
  const flags = named(files);
  let applied = '';
  await checks.check(`${name}: kubectl apply --server-side takes them as they are`, async () => {
    applied = await world.kubectl(['apply', '--server-side', ...flags, '-o', 'json']);
    await world.kubectl([
      'wait',
      '--for=condition=Established',
      '--timeout=60s',
      ...named(files.filter(isOfDefinition)),
    ]);
    return `${files.length} files`;
  });
  await checks.check(`${name}: to apply them again changes nothing`, async () => {
    const before = versionsIn(await definitionsOf(world, operator));
    await world.kubectl(['apply', '--server-side', ...flags]);
    assert.deepEqual(versionsIn(await definitionsOf(world, operator)), before);
    assert.notEqual(applied, '');
  });
  await checks.check(`${name}: nothing is said against their schemas`, async () => {
    for (const { metadata, status } of await definitionsOf(world, operator)) {
      const types = (status?.conditions ?? []).filter(({ status: is }) => is === 'True').map(({ type }) => type);
      assert.deepEqual(
        types.filter((type) => type === 'NonStructuralSchema'),
        [],
        metadata.name,
      );
      assert.ok(types.includes('Established') && types.includes('NamesAccepted'), `${metadata.name}: ${types}`);
    }
  });
  for (const [path, expected] of Object.entries(operator.explained)) {
    await checks.check(`${name}: kubectl explain ${path}`, async () =>
      assert.match(await world.kubectl(['explain', path]), expected),
    );
  }
  for (const folder of operator.examples) {
    for (const file of await yamlFiles(join(root, folder))) {
      for (const object of await manifestsOf(file, operator)) {
        const title = `${name}: ${object.kind} ${object.metadata.name} of ${file.slice(root.length + 1)} is accepted`;
        await checks.check(title, () => accept(world, object));
      }
    }
  }
  for (const { title, object, why } of badObjects[operator.module]) {
    await checks.check(`${name}: refused is ${title}`, async () => assertAll(await world.whyRefused(object), why));
  }
  for (const { file, why } of operator.refused) {
    await checks.check(`${name}: refused is ${file}`, async () => {
      for (const object of await manifestsOf(join(root, file), operator)) {
        assertAll(await world.whyRefused(object), why);
      }
    });
  }
  await checks.check(`${name}: kubectl get shows the columns of each`, async () => {
    for (const { spec, metadata } of await definitionsOf(world, operator)) {
      const shown = await world.kubectl(['get', metadata.name?.replace(/^[^.]+/, spec.names.plural) ?? '', '-A']);
      assert.doesNotMatch(shown, /<invalid>|error/i);
    }
  });
}

/** For kubectl. */
const named = (files: readonly string[]): string[] => files.flatMap((file) => ['-f', file]);

const isOfDefinition = (file: string): boolean => !file.includes('_vap_');

const assertAll = (text: string, expected: readonly string[]): void => {
  for (const part of expected) assert.ok(text.includes(part), `"${part}" is missing in: ${text}`);
};

/** Twice: the second time as kubectl's users do when nothing has changed. */
async function accept(world: World, object: Manifest): Promise<void> {
  const { namespace } = object.metadata;
  if (namespace !== undefined) {
    await world.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  }
  const first = await appliedVersion(world, object);
  assert.equal(await appliedVersion(world, object), first);
}

async function appliedVersion(world: World, object: Manifest): Promise<string | undefined> {
  const { metadata }: Manifest = JSON.parse(await world.apply(object, ['-o', 'json']));
  return metadata.resourceVersion;
}

async function definitionsOf(world: World, operator: Operator): Promise<readonly Definition[]> {
  const { items } = await world.get<{ items: readonly Definition[] }>(['customresourcedefinitions']);
  return items.filter(({ spec }) => operator.groups.includes(spec.group));
}

const versionsIn = (items: readonly Manifest[]): string[] =>
  items.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`);

/** All below a folder but what is not YAML yet: the templates of Helm charts. */
async function yamlFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml') && entry.name !== 'kustomization.yaml')
    .filter((entry) => basename(entry.parentPath) !== 'templates')
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** What in a file is of a kind of the operator. */
async function manifestsOf(file: string, operator: Operator): Promise<Manifest[]> {
  const documents = yaml.loadAll(await readFile(file, 'utf8'));
  return documents
    .filter(isManifest)
    .filter(({ apiVersion }) => operator.groups.includes(apiVersion.split('/')[0] ?? ''));
}

const isManifest = (value: unknown): value is Manifest =>
  isRecord(value) && typeof value.apiVersion === 'string' && typeof value.kind === 'string' && isRecord(value.metadata);

/** Gateway API brings a policy with its definitions: older and experimental ones are kept out. */
async function checkGatewayPolicy(world: World, checks: Checks): Promise<void> {
  const root = await moduleFolder('gatewayApi');
  await checks.check('Gateway API: its policy keeps experimental definitions out', async () => {
    const file = join(root, 'config/crd/experimental/gateway.networking.k8s.io_httproutes.yaml');
    const said = await world.kubectlErrors(['apply', '--server-side', '--force-conflicts', '-f', file]);
    assertAll(said, [
      "ValidatingAdmissionPolicy 'safe-upgrades.gateway.networking.k8s.io'",
      'is prohibited by default',
    ]);
  });
}

async function checkRemoval(world: World, checks: Checks, operator: Operator): Promise<void> {
  const root = await moduleFolder(operator.module);
  await checks.check(`${operator.name}: their definitions go, and with them their objects`, async () => {
    const files = await yamlFiles(join(root, operator.definitions));
    await world.kubectl(['delete', '--timeout=120s', ...named(files)]);
    assert.deepEqual(await definitionsOf(world, operator), []);
  });
}

/** As kubectl sends it: the text of the file. */
async function apply(client: Client, text: string): Promise<void> {
  const definition = yaml.load(text);
  assert.ok(isManifest(definition));
  const path = `${apiPathOf(customResourceDefinitions)}/${customResourceDefinitions.plural}/${definition.metadata.name}`;
  const headers = { 'content-type': 'application/apply-patch+yaml' };
  await client.raw('PATCH', `${path}?fieldManager=kubectl&force=true`, { body: text, headers });
}

/** Each of them, one after the other, on an API server that does nothing else. */
async function measureJudging(): Promise<string> {
  const server = await MeasuredApiServer.start();
  const client = createRestClient(server.connection, { userAgent: 'real', logger: silentLogger });
  const held: { file: string; heldMs: number }[] = [];
  try {
    for (const { module, definitions: folder } of operators) {
      for (const file of (await yamlFiles(join(await moduleFolder(module), folder))).filter(isOfDefinition)) {
        await server.longest();
        await apply(client, await readFile(file, 'utf8'));
        held.push({ file, heldMs: (await server.longest()).heldMs });
      }
    }
  } finally {
    await client.close();
    await server.stop();
  }
  held.sort((one, other) => other.heldMs - one.heldMs);
  const figures = held.slice(0, 3).map(({ file, heldMs }) => `${file.split('/').at(-1)} ${Math.round(heldMs)} ms`);
  assert.ok((held[0]?.heldMs ?? 0) <= patienceMs, figures.join(', '));
  return figures.join(', ');
}
