/** kubectl on resources that a definition makes: what it knows of them is what the server tells it. */

import assert from 'node:assert/strict';
import { apiPathOf } from '../../../api/resource.ts';
import { following } from './following.ts';
import { at, type KubectlCase, type Loose, type Trial } from './trial.ts';

const groupOf = (t: Trial): string => `v${t.suffix}.example.com`;

const schema = {
  type: 'object',
  description: 'A widget turns.',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      properties: {
        size: { type: 'integer', minimum: 1, description: 'How large it is.' },
        colour: { type: 'string', default: 'grey' },
        parts: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      },
    },
    status: {
      type: 'object',
      properties: { size: { type: 'integer' }, phase: { type: 'string' } },
    },
  },
};

function definition(t: Trial): string {
  const group = groupOf(t);
  const version = {
    ...{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } },
    subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
    additionalPrinterColumns: [
      { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
      { name: 'Colour', type: 'string', jsonPath: '.spec.colour', priority: 1 },
    ],
  };
  // Of several kubectls at once each has its own: no name may be another's.
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'] };
  return JSON.stringify({
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
    ...{ metadata: { name: `widgets.${group}` }, spec: { group, scope: 'Namespaced', names, versions: [version] } },
  });
}

function widget(t: Trial, name: string, spec: Loose = { size: 1 }): string {
  return JSON.stringify({ apiVersion: `${groupOf(t)}/v1`, kind: 'Widget', metadata: { name }, spec });
}

/** As kubectl names the resource and its objects. */
const widgets = (t: Trial, name = ''): string => `widgets.${groupOf(t)}${name && `/${name}`}`;
const printed = (t: Trial, name: string): string => `widget.${groupOf(t)}/${name}`;

const pathOf = (t: Trial, name: string): string =>
  `${apiPathOf({ group: groupOf(t), version: 'v1' })}/namespaces/${t.namespace}/widgets/${name}`;

async function holds(t: Trial, name: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
  const { text } = await t.client.raw('GET', pathOf(t, name));
  const object: unknown = JSON.parse(text);
  for (const [path, wanted] of Object.entries(fields)) assert.deepEqual(at(object, path), wanted, path);
}

export const customResourceCases: readonly KubectlCase[] = [
  {
    name: 'a definition, then create and get in its columns',
    async run(t) {
      await t.ok('create -f -', { stdin: definition(t) });
      await t.shows(`wait --for=condition=Established crd/widgets.${groupOf(t)} --timeout=60s`, {
        prints: /condition met\n$/,
      });
      await t.shows('create -f -', {
        stdin: widget(t, 'made'),
        prints: `${printed(t, 'made')} created\n`,
        effect: () => holds(t, 'made', { spec: { size: 1, colour: 'grey' } }),
      });
      await t.shows(`get ${widgets(t)}`, { prints: /^NAME +SIZE\nmade +1\n$/ });
      await t.shows(`get ${widgets(t)} -o wide`, { prints: /^NAME +SIZE +COLOUR\nmade +1 +grey\n$/ });
      assert.match(await t.ok(`get wd.${groupOf(t)} -o name`), /\/made\n$/);
      const refusal = await t.refused('create -f -', { stdin: widget(t, 'none', { size: 0 }) });
      assert.match(refusal, /spec\.size: Invalid value: 0: spec\.size in body should be greater than or equal to 1/);
    },
  },
  {
    name: 'get -w follows them',
    async run(t) {
      await following(t, `get ${widgets(t)} -w`, /followed +1\n(.*\n)*followed +2\n/, async (begun) => {
        await t.ok('create -f -', { stdin: widget(t, 'followed') });
        await begun(/followed +1\n/);
        await t.ok(`patch ${widgets(t, 'followed')} --type=merge -p '{"spec":{"size":2}}'`);
      });
      await t.ok(`delete ${widgets(t, 'followed')}`);
    },
  },
  {
    name: 'edit, patch, label, annotate and scale',
    async run(t) {
      await t.ok('create -f -', { stdin: widget(t, 'changed') });
      const what = widgets(t, 'changed');
      const changes = (command: string, done: string, fields: Readonly<Record<string, unknown>>) =>
        t.shows(command, {
          env: { KUBE_EDITOR: 'sed -i s/grey/green/' },
          prints: new RegExp(`^${printed(t, 'changed')} ${done}\n$`),
          effect: () => holds(t, 'changed', fields),
        });
      await changes(`edit ${what}`, 'edited', { 'spec.colour': 'green' });
      await changes(`patch ${what} --type=merge -p '{"spec":{"colour":"red"}}'`, 'patched', { 'spec.colour': 'red' });
      const operation = '[{"op":"replace","path":"/spec/colour","value":"blue"}]';
      await changes(`patch ${what} --type=json -p '${operation}'`, 'patched', { 'spec.colour': 'blue' });
      await changes(`label ${what} tier=web`, 'labeled', { 'metadata.labels': { tier: 'web' } });
      await changes(`annotate ${what} note=seen`, 'annotated?', { 'metadata.annotations.note': 'seen' });
      await changes(`scale ${what} --replicas=4`, 'scaled', { 'spec.size': 4 });
      const strategic = await t.refused(`patch ${what} -p '{"spec":{"size":2}}'`);
      assert.match(strategic, /strategic-merge-patch\+json is not supported|UnsupportedMediaType/);
    },
  },
  {
    name: 'wait for what their status says',
    since: 23,
    async run(t) {
      await t.ok('create -f -', { stdin: widget(t, 'awaited') });
      const turning = t.shows(`wait '--for=jsonpath={.status.phase}=Turning' ${widgets(t, 'awaited')} --timeout=60s`, {
        prints: `${printed(t, 'awaited')} condition met\n`,
      });
      await t.setStatus(pathOf(t, 'awaited'), { phase: 'Turning' });
      await turning;
    },
  },
  {
    name: 'apply, diff and delete',
    async run(t) {
      const stdin = widget(t, 'applied');
      await t.shows('apply -f -', {
        stdin,
        prints: `${printed(t, 'applied')} created\n`,
        effect: () => holds(t, 'applied', { 'spec.size': 1 }),
      });
      await t.shows('apply -f -', {
        stdin,
        prints: `${printed(t, 'applied')} unchanged\n`,
        effect: () => holds(t, 'applied', { 'metadata.generation': 1 }),
      });
      await t.shows('diff -f -', {
        ...{ stdin: widget(t, 'applied', { size: 2 }), code: 1, prints: /^-\s+size: 1\n\+\s+size: 2$/m },
        effect: () => holds(t, 'applied', { 'spec.size': 1 }),
      });
      await t.shows(`delete ${widgets(t, 'applied')}`, {
        prints: /^widget\.\S+ "applied" deleted/,
        effect: () => assert.rejects(holds(t, 'applied', {}), /not found/),
      });
    },
  },
  {
    name: 'apply --server-side owns fields by their schema, and conflicts',
    since: 22,
    async run(t) {
      const apply = (manager: string, spec: Loose, further = '') => ({
        command: `apply --server-side --field-manager=${manager} ${further} -f -`,
        options: { stdin: widget(t, 'shared', spec) },
      });
      const first = apply('one', { size: 1, parts: ['wheel'] });
      await t.ok(first.command, first.options);
      const added = apply('two', { parts: ['axle'] });
      await t.ok(added.command, added.options);
      await holds(t, 'shared', { 'spec.parts': ['wheel', 'axle'] });
      const other = apply('two', { size: 3, parts: ['axle'] });
      assert.match(await t.refused(other.command, other.options), /conflict with "one".*: \.spec\.size/s);
      const forced = apply('two', { size: 3, parts: ['axle'] }, '--force-conflicts');
      await t.shows(forced.command, {
        ...forced.options,
        prints: `${printed(t, 'shared')} serverside-applied\n`,
        effect: () => holds(t, 'shared', { 'spec.size': 3 }),
      });
    },
  },
  {
    name: 'explain, and the end of all with their definition',
    async run(t) {
      await t.shows(`explain widgets.spec.size --api-version=${groupOf(t)}/v1`, {
        prints: /size.*<integer>.*How large it is\./s,
      });
      await t.ok(`delete crd widgets.${groupOf(t)}`);
      assert.match(await t.refused(`get ${widgets(t)}`), /the server doesn't have a resource type|could not find/);
    },
  },
];
