/** Makes one object be as a manifest says, by server-side apply: the server merges, and knows who set which field. */

import { isDeepStrictEqual } from 'node:util';
import { lastAppliedAnnotation } from '../api/labels.ts';
import type { KubernetesObject, ObjectKey, Stored } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import { isConflict } from '../api/status-error.ts';
import { UserError } from '../base/user-error.ts';
import type { Client, WriteOptions } from './client.ts';
import { ifPresent } from './if-present.ts';
import type { Manifest } from './manifest.ts';

export interface ApplyOptions {
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly fieldManager?: string | undefined;
  readonly fieldValidation?: WriteOptions['fieldValidation'];
}

export type ApplyResult = 'created' | 'configured' | 'unchanged';

export interface AppliedObject {
  readonly result: ApplyResult;
  readonly object: Stored;
}

/** Whose the fields are that were applied. */
export const applyManager = 'kubecfg';

export async function applyManifest(
  client: Client,
  kind: Resource,
  manifest: Manifest,
  options: ApplyOptions = {},
): Promise<ApplyResult> {
  return (await applyObject(client, kind, manifest, options)).result;
}

/** The same, with what is there now. */
export async function applyObject(
  client: Client,
  kind: Resource,
  manifest: Manifest,
  options: ApplyOptions = {},
): Promise<AppliedObject> {
  const { fieldManager = applyManager, fieldValidation, dryRun } = options;
  const { namespace, name } = manifest.metadata ?? {};
  if (name === undefined) throw new UserError(`A ${manifest.kind} without metadata.name cannot be applied: create it`);
  const key = { namespace, name };
  const before = await ifPresent(client.get(kind, key));
  const patch = { type: 'apply', body: manifest, force: options.force ?? false } as const;
  const after = await explainConflict(
    client.patch<KubernetesObject>(kind, key, patch, { fieldManager, fieldValidation, dryRun }),
  );
  if (!options.dryRun && before?.metadata.annotations?.[lastAppliedAnnotation] !== undefined) {
    await keepLastApplied(client, kind, key, manifest);
  }
  if (before === undefined) return { result: 'created', object: after };
  const isSame = isDeepStrictEqual(appliedPart(before), appliedPart(after));
  return { result: isSame ? 'unchanged' : 'configured', object: after };
}

/** What applying can change: others write the status meanwhile, and every write makes a new version. */
function appliedPart({ metadata, ...object }: Stored): object {
  const { resourceVersion: _version, managedFields: _owners, ...rest } = metadata;
  return { ...object, metadata: rest, status: undefined };
}

/** So that `kubectl apply` later knows which fields it may remove. */
async function keepLastApplied(client: Client, kind: Resource, key: ObjectKey, manifest: Manifest): Promise<void> {
  const metadata = { annotations: { [lastAppliedAnnotation]: `${JSON.stringify(manifest)}\n` } };
  await client.patch(kind, key, { type: 'merge', body: { metadata } }, { fieldManager: 'kubectl-last-applied' });
}

async function explainConflict(applied: Promise<Stored>): Promise<Stored> {
  try {
    return await applied;
  } catch (error) {
    if (!isConflict(error)) throw error;
    throw new UserError(`${error.message}\n--force-conflicts takes these fields over.`, { cause: error });
  }
}
