/** `why pod/web`, `why deployment/web`, `why web`: what keeps an object from being as its owner wants it. */

import type { Stored } from '../../../api/object.ts';
import type { ServedResource } from '../../../api/resource.ts';
import { UserError } from '../../../base/user-error.ts';
import type { Client } from '../../../client/client.ts';
import { ifPresent } from '../../../client/if-present.ts';
import { type Arguments, countOf, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { pathSegment } from '../../path-segment.ts';
import { listAll } from '../../requests.ts';
import { findKind, findKinds, parseSelections } from '../../resources.ts';
import { renderFinding } from './finding.ts';
import { whyObject } from './why-object.ts';

/** Where a bare name is looked for, first come first served. */
const places = [
  ...['deployments.apps', 'statefulsets.apps', 'daemonsets.apps', 'replicationcontrollers', 'cronjobs.batch'],
  ...['jobs.batch', 'replicasets.apps', 'pods', 'services', 'ingresses.networking.k8s.io', 'persistentvolumeclaims'],
  ...['horizontalpodautoscalers.autoscaling', 'nodes', 'namespaces', 'persistentvolumes'],
  'customresourcedefinitions.apiextensions.k8s.io',
];

interface Found {
  readonly kind: ServedResource;
  readonly object: Stored;
}

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const client = await context.client();
  const namespace = await context.oneNamespace();
  const options = { tailLines: countOf(args, 'tail'), signal: context.signal };
  const found = await findObjects(client, namespace, textsOf(args, 'resources'));
  if (found.length === 0) context.errors.write(`No resources found in ${namespace} namespace.\n`);
  const findings = [];
  for (const { kind, object } of found) findings.push(await whyObject(client, kind, object, options));
  if (textOf(args, 'output') === 'json') context.out.write(`${JSON.stringify(findings, undefined, 2)}\n`);
  else context.out.write(findings.map((finding) => renderFinding(finding)).join('\n'));
}

async function findObjects(client: Client, namespace: string, words: readonly string[]): Promise<Found[]> {
  const [only, ...others] = words;
  if (
    only !== undefined &&
    others.length === 0 &&
    /^[^/,]+$/.test(only) &&
    (await findKinds(client, only)).length === 0
  )
    return [await findByName(client, namespace, only)];
  const found: Found[] = [];
  for (const { kind, names } of await parseSelections(client, words)) {
    const scope = { namespace: kind.namespaced ? namespace : undefined };
    const objects =
      names.length > 0
        ? await Promise.all(names.map((name) => client.get(kind, { ...scope, name })))
        : await listAll(client, kind, scope);
    found.push(...objects.map((object) => ({ kind, object })));
  }
  return found;
}

async function findByName(client: Client, namespace: string, name: string): Promise<Found> {
  pathSegment('resource name', name);
  for (const word of places) {
    const kind = await findKind(client, word);
    const object = kind && (await ifPresent(client.get(kind, kind.namespaced ? { namespace, name } : { name })));
    if (kind !== undefined && object !== undefined) return { kind, object };
  }
  throw new UserError(
    `error: nothing is named ${JSON.stringify(name)}, neither in the namespace ${namespace} nor in the cluster`,
  );
}
