/** CONTRACT: makes an object of one kind from flags, for `create KIND NAME …`. `creators.ts` lists them. */

import type { KubernetesObject } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import type { Arguments } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';

export interface Creator {
  /** Behind `create`: `configmap NAME [--from-file …]`. Its first word is the creator's name. */
  readonly usage: string;
  readonly aliases?: readonly string[];
  /** The flags of `command.ts` that it takes, beside those of every creator. */
  readonly flags: readonly string[];
  load(): Promise<CreatorModule>;
}

export interface Wanted {
  readonly kind: Resource;
  readonly object: KubernetesObject;
}

export interface CreateInput {
  /** What stands behind the creator's name. */
  readonly words: readonly string[];
  readonly args: Arguments;
  /** Behind `--`. */
  readonly rest: readonly string[];
  readonly context: CommandContext;
}

export interface CreatorModule {
  /** The object without its namespace. Throws UserError. */
  make(input: CreateInput): Wanted | Promise<Wanted>;
}
