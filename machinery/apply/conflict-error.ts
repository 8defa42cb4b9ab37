/** 409 for an apply that would change fields of others: who owns them, and which they are. */

import { StatusError } from '../../api/status-error.ts';
import { compareText } from '../../base/compare.ts';
import { maxErrors } from '../field-errors.ts';
import { type FieldSet, formatPath, pathsOf } from './field-set.ts';
import type { Manager, Managers } from './managers.ts';

interface Conflict {
  readonly owner: string;
  readonly path: string;
}

/** `conflicts`: by the owner's identity, the fields that would be taken from it. */
export function conflictError(conflicts: ReadonlyMap<string, FieldSet>, managers: Managers): StatusError {
  const list = [...conflicts]
    .flatMap(([identity, fields]) => {
      const owner = describe(managers.get(identity));
      return pathsOf(fields).map((path): Conflict => ({ owner, path: formatPath(path) }));
    })
    .sort((a, b) => compareText(a.owner, b.owner));
  const count = `${list.length} conflict${list.length === 1 ? '' : 's'}`;
  const told = list.slice(0, maxErrors);
  const untold = list.length - told.length;
  const rest = untold === 0 ? '' : `\nand ${untold} more`;
  return new StatusError(409, 'Conflict', `Apply failed with ${count}: ${textOf(told)}${rest}`, {
    causes: told.map(({ owner, path }) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${owner}`,
      field: path,
    })),
  });
}

/** They stand in the order of their owners. */
function textOf(conflicts: readonly Conflict[]): string {
  const [only] = conflicts;
  if (conflicts.length === 1 && only !== undefined) return `conflict with ${only.owner}: ${only.path}`;
  return conflicts
    .flatMap(({ owner, path }, index) =>
      owner === conflicts[index - 1]?.owner ? [`- ${path}`] : [`conflicts with ${owner}:`, `- ${path}`],
    )
    .join('\n');
}

/** `"kubelet" with subresource "status" using v1` */
function describe(manager: Manager | undefined): string {
  if (manager === undefined) return '""';
  const { name, subresource, operation, apiVersion } = manager;
  const part = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  return `${JSON.stringify(name)}${part}${operation === 'Update' ? ` using ${apiVersion}` : ''}`;
}
