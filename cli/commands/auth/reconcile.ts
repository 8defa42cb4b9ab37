/** `auth reconcile -f`: roles and bindings that grant what files say, and keep what else they grant. */

import { equalJson } from '../../../api/json-record.ts';
import type { KubernetesObject } from '../../../api/object.ts';
import type { ServedResource } from '../../../api/resource.ts';
import type { PolicyRule, RoleRef, Subject } from '../../../api/types/rbac/v1.ts';
import { UserError } from '../../../base/user-error.ts';
import { ifPresent } from '../../../client/if-present.ts';
import { type Arguments, isSet, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { dryRunOf, resultPrinter } from '../../results.ts';
import { readTargets } from '../../target-objects.ts';
import { reconciledRules, reconciledSubjects } from './reconciled.ts';

interface Granting extends KubernetesObject {
  readonly rules?: PolicyRule[] | null;
  readonly aggregationRule?: unknown;
  readonly subjects?: Subject[] | null;
  readonly roleRef?: RoleRef;
}

export async function reconcile(context: CommandContext, args: Arguments): Promise<void> {
  if (textsOf(args, 'filename').length === 0) throw new UserError('error: must specify one of -f and -k');
  const client = await context.client();
  const print = await resultPrinter(context, args);
  const dryRun = dryRunOf(args);
  const options = { dryRun: dryRun === 'server', fieldManager: 'kubecfg-auth-reconcile' };
  for (const { kind, key, manifest } of await readTargets(context, args)) {
    if (kind.group !== 'rbac.authorization.k8s.io')
      throw new UserError(
        `error: only roles and bindings of rbac.authorization.k8s.io/v1 can be reconciled, not ${kind.kind}`,
      );
    const wanted: Granting = manifest;
    const isTried = dryRun === 'client';
    const present = await ifPresent(client.get<Granting>(kind, key));
    if (present === undefined) {
      print(kind, isTried ? wanted : await client.create<Granting>(kind, wanted, options), 'reconciled');
      continue;
    }
    const result: Granting = merged(kind, { present, wanted, args });
    if (equalJson(result, present)) print(kind, present, 'reconciled');
    else if (!equalJson(present.roleRef, result.roleRef)) {
      // Whom a binding binds to cannot be changed: another takes its place.
      if (dryRun === 'none') await client.delete(kind, key, { uid: present.metadata.uid });
      print(kind, dryRun === 'none' ? await client.create<Granting>(kind, wanted, options) : wanted, 'reconciled');
    } else print(kind, isTried ? result : await client.update<Granting>(kind, result, options), 'reconciled');
  }
}

function merged(
  { kind }: ServedResource,
  { present, wanted, args }: { readonly present: Granting; readonly wanted: Granting; readonly args: Arguments },
): Granting {
  const common = {
    ...present,
    metadata: {
      ...present.metadata,
      ...joined('labels', present, wanted),
      ...joined('annotations', present, wanted),
    },
  };
  if (kind.endsWith('Binding')) {
    const removeExtra = isSet(args, 'remove-extra-subjects');
    const subjects = reconciledSubjects(present.subjects ?? [], { wanted: wanted.subjects ?? [], removeExtra });
    return { ...common, subjects, ...(wanted.roleRef && { roleRef: wanted.roleRef }) };
  }
  if (wanted.aggregationRule !== undefined) return { ...common, aggregationRule: wanted.aggregationRule };
  const removeExtra = isSet(args, 'remove-extra-permissions');
  return { ...common, rules: reconciledRules(present.rules ?? [], { wanted: wanted.rules ?? [], removeExtra }) };
}

function joined(field: 'labels' | 'annotations', present: Granting, wanted: Granting): object {
  const added = wanted.metadata?.[field];
  return added === undefined ? {} : { [field]: { ...present.metadata?.[field], ...added } };
}
