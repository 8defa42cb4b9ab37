/** What commands that write say of each object: `pod/web labeled`, or the object in the format that was asked for. */

import type { KubernetesObject } from '../api/object.ts';
import { parseApiVersion, type Resource } from '../api/resource.ts';
import { type Arguments, textOf } from './arguments.ts';
import type { CommandContext } from './command-context.ts';
import { structuredPrinter } from './printing.ts';
import { titleOf, withType } from './requests.ts';

export type DryRun = 'none' | 'client' | 'server';

export function dryRunOf(args: Arguments): DryRun {
  const chosen = textOf(args, 'dry-run');
  return chosen === 'client' || chosen === 'server' ? chosen : 'none';
}

export const dryRunSuffix: Readonly<Record<DryRun, string>> = {
  none: '',
  client: ' (dry run)',
  server: ' (server dry run)',
};

export type ResultPrinter = (kind: Resource, object: KubernetesObject, operation: string) => void;

/** `operation` is what was done: `created`, `labeled`. */
export async function resultPrinter(context: CommandContext, args: Arguments): Promise<ResultPrinter> {
  const print = await structuredPrinter(args);
  const suffix = dryRunSuffix[dryRunOf(args)];
  return (kind, object, operation) => {
    const text = print?.(withType(kind, object));
    const sentence = `${titleOf(kindIn(object) ?? kind, object.metadata?.name ?? '')} ${operation}${suffix}\n`;
    context.out.write(text ?? sentence);
  };
}

/** A subresource answers with a kind of its own. */
function kindIn({ apiVersion = '', kind }: KubernetesObject): { kind: string; group: string } | undefined {
  const version = parseApiVersion(apiVersion);
  return kind === undefined || version === undefined ? undefined : { kind, group: version.group };
}
