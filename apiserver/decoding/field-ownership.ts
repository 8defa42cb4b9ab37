/** Where field ownership (`api/apply`) meets requests: updates that track who wrote what, and server-side apply. */

import type { KubernetesObject, Stored } from '../../api/object.ts';
import { badRequest } from '../../api/status-error.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { applyPatch } from '../../machinery/apply/apply-patch.ts';
import { emptyObjectOf } from '../../machinery/apply/empty-object.ts';
import { managedFieldsAfterUpdate, type Write } from '../../machinery/apply/update-managed-fields.ts';
import { parseYaml, YamlError } from '../../machinery/codec/yaml.ts';
import { DecodeError, decode } from '../../machinery/schema/decode.ts';
import { metadataOf } from '../registry/object-metadata.ts';
import type { FieldValidation } from '../request/write-options.ts';

/** For creates, updates and patches: what changed belongs to the request's manager from now on. */
export function trackUpdates(write: Write): (next: KubernetesObject, previous: Previous) => void {
  return (next, previous) => setOwners(next, managedFieldsOf(next, previous, write));
}

type Previous = DeepReadonly<Stored> | undefined;
type Owners = ReturnType<typeof managedFieldsAfterUpdate>;

/** Who owns which fields of `next`, which replaces `previous`. */
export function managedFieldsOf(next: KubernetesObject, previous: Previous, write: Write): Owners {
  const live = previous === undefined ? emptyObjectOf(write.kind) : (previous as Stored); // it is only read
  return managedFieldsAfterUpdate(live, next, write);
}

export function setOwners(object: KubernetesObject, owners: Owners): void {
  if (owners.length > 0) metadataOf(object).managedFields = owners;
  else delete metadataOf(object).managedFields;
}

export interface ApplyOptions extends Write {
  readonly force: boolean;
  readonly fieldValidation: FieldValidation;
  warn(text: string): void;
}

/** Reads an applied configuration; the change makes the object from it, or merges it into the one that is there. */
export function readApply(bytes: Buffer, options: ApplyOptions): (previous: Stored | undefined) => KubernetesObject {
  const config = readConfiguration(bytes, options);
  return (previous) => {
    const applied = applyPatch({ ...options, config, live: previous });
    try {
      return decode(options.kind.schema, applied).object;
    } catch (error) {
      if (error instanceof DecodeError) throw badRequest(error.message);
      throw error;
    }
  };
}

function readConfiguration(bytes: Buffer, { fieldValidation, warn }: ApplyOptions): unknown {
  try {
    const { value, duplicates } = parseYaml(bytes.toString('utf8'));
    if (duplicates.length > 0 && fieldValidation === 'Strict') {
      const lines = duplicates.map((text) => `  ${text}`).join('\n');
      throw badRequest(`error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n${lines}`);
    }
    if (fieldValidation === 'Warn') for (const duplicate of duplicates) warn(duplicate);
    return value;
  } catch (error) {
    if (error instanceof YamlError)
      throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`);
    throw error;
  }
}
