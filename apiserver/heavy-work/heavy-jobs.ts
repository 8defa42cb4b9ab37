/**
 * The parts of a write whose time grows with the size of its object, as pure functions of plain data, so that another
 * thread can do them. Objects come and go as JSON text: nothing crosses threads at less cost.
 */

import yaml from 'js-yaml';
import type { Stored } from '../../api/object.ts';
import { whyTooManyValues } from '../../api/object-size.ts';
import { notFound, tooLarge } from '../../api/status-error.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { Kinds } from '../../kinds/kind-registry.ts';
import { yamlOptions } from '../../machinery/codec/yaml-options.ts';
import { applyJsonPatch, parseJsonPatch } from '../../machinery/patch/json-patch.ts';
import type { GroupVersionKind } from '../../machinery/schema/registered-kinds.ts';
import { objectSchemaOf } from '../../machinery/schema/schema.ts';
import { type DefinitionText, kindsFromDefinitions } from '../custom-resources/kind-from-definition.ts';
import { type DecodeOptions, decodeObject } from '../decoding/decode-object.ts';
import { type ApplyOptions, managedFieldsOf, readApply, setOwners } from '../decoding/field-ownership.ts';
import { type PatchType, readPatch } from '../decoding/patch.ts';
import { checkAndFinish, type FinishContext, type WriteResult } from '../registry/finish-write.ts';
import type { JobOptions, OtherThread } from '../request/other-thread.ts';
import type { FieldValidation } from '../request/write-options.ts';

/** A row of the kinds table, by what names it; or a kind that came later, with what it is made of. */
export interface KindName {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly definition?: DefinitionText | undefined;
}

/** A kind of a table, or of the body of a subresource. */
export interface DecodeInput {
  readonly bytes: Uint8Array;
  readonly expected: GroupVersionKind & {
    /** The name of its published schema. */
    readonly definition: string;
    /** Of a kind that has no published one. */
    readonly madeOf?: DefinitionText | undefined;
  };
  readonly contentType: string;
  readonly fieldValidation: FieldValidation;
}

export interface PatchInput {
  readonly type: PatchType;
  readonly bytes: Uint8Array;
  readonly kind: KindName;
  readonly name: string;
  /** The object that is patched, as JSON; undefined when there is none. */
  readonly previous: string | undefined;
  readonly options: Pick<ApplyOptions, 'manager' | 'force' | 'fieldValidation' | 'subresource' | 'now'>;
}

export interface JsonPatchInput {
  /** JSON. */
  readonly object: string;
  /** Its text. */
  readonly patch: string;
}

export interface OwnersInput {
  readonly kind: KindName;
  readonly next: string;
  readonly previous: string | undefined;
  readonly manager: string;
  readonly subresource: string | undefined;
  /** Wall time in milliseconds. */
  readonly now: number;
}

export interface FinishInput {
  readonly kind: KindName;
  readonly next: string;
  readonly previous: string | undefined;
  readonly context: FinishContext;
  /** JSON of the object's `managedFields`, when it does not bring them itself. */
  readonly owners: string | undefined;
}

/** What a job says besides its result: texts for warnings. */
type Warn = (text: string) => void;

/** The main thread has written it, of an object of the API. */
const objectOf = (json: string): Stored => JSON.parse(json) as Stored;

/** What the other thread can do, with the kinds of the table, and those that it is told what they are made of. */
export function createHeavyJobs(kinds: Kinds) {
  const kindFrom = kindsFromDefinitions();
  const kindOf = ({ group, version, plural, definition }: KindName): Kind => {
    const kind = definition === undefined ? kinds.find({ group, version, plural }) : kindFrom(definition, version);
    if (kind === undefined) throw new Error(`No kind is called ${group}/${version} ${plural}`);
    return kind;
  };
  return {
    /** A body to the JSON of its object. */
    decode({ bytes, expected, contentType, fieldValidation }: DecodeInput, warn: Warn): string {
      const options: DecodeOptions = { kinds, contentType, fieldValidation, warn };
      const { madeOf, definition, ...named } = expected;
      const own = madeOf && kindFrom(madeOf, named.version)?.schema;
      const schema = own ?? objectSchemaOf(definition);
      return jsonOf(decodeObject(asBuffer(bytes), { ...named, schema }, options));
    },

    /** A patch and the object that it changes to the JSON of the changed one. */
    patch({ type, bytes, kind: kindName, name, previous, options }: PatchInput, warn: Warn): string {
      const kind = kindOf(kindName);
      const change =
        type === 'apply'
          ? readApply(asBuffer(bytes), { ...options, kind, warn })
          : readPatch(type, asBuffer(bytes), kind, { kinds, fieldValidation: options.fieldValidation, warn });
      if (previous === undefined && type !== 'apply') throw notFound(kind, name);
      return jsonOf(change(previous === undefined ? undefined : objectOf(previous)));
    },

    /** Who owns which fields after the write: the JSON of `metadata.managedFields`. */
    owners({ kind: kindName, next, previous, manager, subresource, now }: OwnersInput): string {
      const live = previous === undefined ? undefined : objectOf(previous);
      const write = { kind: kindOf(kindName), manager, subresource, now };
      return JSON.stringify(managedFieldsOf(objectOf(next), live, write));
    },

    /** Whether the object is valid, and its JSON as it is stored. */
    finish({ kind, next: json, previous: before, context, owners }: FinishInput): WriteResult {
      const next = objectOf(json);
      if (owners !== undefined) setOwners(next, JSON.parse(owners));
      const previous = before === undefined ? undefined : objectOf(before);
      return checkAndFinish({ kind: kindOf(kind), next, previous, context });
    },

    /** What a patch, of which nothing is known yet, makes of an object; undefined: it says nothing. */
    jsonPatch({ object, patch }: JsonPatchInput): string | undefined {
      const { operations } = parseJsonPatch(patch);
      return operations.length === 0 ? undefined : jsonOf(applyJsonPatch(JSON.parse(object), operations));
    },

    yaml: jsonToYaml,
  } as const;
}

export function jsonToYaml({ json }: { readonly json: string }): string {
  return yaml.dump(JSON.parse(json), yamlOptions);
}

export type HeavyJobs = ReturnType<typeof createHeavyJobs>;
export type HeavyJobName = keyof HeavyJobs;
export type InputOf<Name extends HeavyJobName> = Parameters<HeavyJobs[Name]>[0];
export type OutputOf<Name extends HeavyJobName> = ReturnType<HeavyJobs[Name]>;

/** What the job says, done by the other thread. Throws what the job throws, and what `OtherThread.run` does. */
export function runJob<Name extends HeavyJobName>(
  thread: OtherThread,
  name: Name,
  input: InputOf<Name>,
  options: JobOptions,
): Promise<OutputOf<Name>> {
  // Types end where threads do: the job of this name gives that.
  return thread.run(name, input, options) as Promise<OutputOf<Name>>;
}

/** The other thread spends on each value, not on each byte. */
function jsonOf(object: unknown): string {
  const why = whyTooManyValues(object);
  if (why !== undefined) throw tooLarge(`Request entity too large: ${why}`);
  return JSON.stringify(object);
}

/** What crossed threads is a plain array of bytes. */
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
