/**
 * The last steps of a write, once its object is complete: whether it is valid, and the form in which it is stored. Pure
 * but for the object handed in, so that they can be done wherever there is time.
 */

import type { Stored } from '../../api/object.ts';
import type { Kind, WriteContext } from '../../kinds/kind.ts';
import { validateMetadata, validateMetadataUpdate, validateType } from '../../kinds/validation/metadata-validation.ts';
import { sameButForTimes } from '../../machinery/apply/update-managed-fields.ts';
import { type FieldError, FieldErrors } from '../../machinery/field-errors.ts';
import { encode } from '../../machinery/schema/encode.ts';
import { insertResourceVersion } from '../store/resource-version-json.ts';
import type { JudgedSpecs, LookedUpSpec } from './judged-specs.ts';
import { countGeneration, dropUnstored, isCounted } from './object-metadata.ts';
import { encodeObject } from './storage-format.ts';

export interface Write {
  readonly kind: Kind;
  readonly next: Stored;
  /** What `next` replaces; undefined: it is new. */
  readonly previous: Stored | undefined;
  readonly context: FinishContext;
  /** Where equal specs are looked for. Absent: each is judged by itself. */
  readonly judgedSpecs?: JudgedSpecs | undefined;
}

export interface FinishContext extends WriteContext {
  /** The change is the server's own: the strategy does not validate it. */
  readonly skipStrategy?: boolean | undefined;
  readonly dryRun: boolean;
}

export interface WriteCheck {
  readonly errors: readonly FieldError[];
  /** What the generation counts has changed, by more than the stored form will show. */
  readonly isChanged: boolean;
  /** The spec of a new object, where equal ones share a verdict. */
  readonly spec?: LookedUpSpec | undefined;
}

/** What is wrong with the object. */
export function checkWrite({ kind, next, previous, context, judgedSpecs }: Write): WriteCheck {
  const errors = new FieldErrors();
  const { strategy } = kind;
  validateType(kind, next, errors);
  if (!errors.empty) return { errors: errors.list, isChanged: false };
  if (previous === undefined) {
    validateMetadata(kind, next, errors);
    const spec = judgedSpecs?.lookUp(next);
    if (spec?.verdict === undefined) strategy.validate?.(next, errors, context);
    return { errors: errors.list, isChanged: false, spec };
  }
  validateMetadataUpdate(kind, next, previous, errors);
  const isChanged = strategy.countsEmptyLists === true && isCounted(kind, next, previous);
  if (!context.skipStrategy) {
    strategy.validate?.(next, errors, context);
    strategy.validateUpdate?.(next, previous, errors, context);
  }
  return { errors: errors.list, isChanged };
}

/** Gives the object the form in which it is stored and answered; returns what there is to warn of. */
export function finishWrite(write: Write, { isChanged, spec }: WriteCheck): readonly string[] {
  const { kind, next, previous, context } = write;
  const { skipStrategy, subresource } = context;
  kind.strategy.canonicalize?.(next);
  encode(kind.schema, next, spec?.verdict?.isEncoded ? { spec: specOf(next) } : storedPartsOf(write));
  if (previous !== undefined) {
    // The status is an observation, and a binding is the scheduler's doing: neither is a new wish of the user's.
    if (subresource !== 'status' && !skipStrategy) countGeneration(kind, next, previous, isChanged);
    next.metadata.resourceVersion = previous.metadata.resourceVersion;
  }
  if (!context.dryRun) dropUnstored(next);
  return warningsOf(write, spec);
}

/** What is in its stored form already, where an update shares it with the version that it replaces. */
const storedPartsOf = ({ kind, previous }: Write): object | undefined =>
  kind.storedAs === undefined && kind.conversion === undefined ? previous : undefined;

const specOf = (object: Stored): unknown => Reflect.get(object, 'spec');

function warningsOf({ kind, next, previous, context, judgedSpecs }: Write, spec: LookedUpSpec | undefined) {
  if (spec?.verdict !== undefined) return spec.verdict.warnings;
  if (previous !== undefined && context.subresource === 'status') return [];
  const warnings = kind.strategy.warnings?.(next, previous) ?? [];
  if (spec !== undefined) judgedSpecs?.keep(spec, { warnings, isEncoded: isSpelled(next, spec) });
  return warnings;
}

/** Whether the object's spec is still what it was when it was looked for. */
const isSpelled = (object: Stored, { text }: LookedUpSpec): boolean => JSON.stringify(specOf(object)) === text;

/** Whether nothing needs to be written. */
const isUnchanged = ({ next, previous }: Write): boolean => previous !== undefined && sameButForTimes(next, previous);

/** The bytes that are stored. */
export const storedBytes = ({ storedAs }: Kind, object: Stored, specText?: string): Buffer =>
  storedAs ? encodeObject(storedAs.toStored(object)) : encodeObject(object, specText);

/** A valid object in the form in which it is stored. */
export interface FinishedWrite {
  readonly isUnchanged: boolean;
  readonly bytes: Buffer;
  /** What is answered when nothing is written: it was a trial. */
  unwritten(): Answerable;
  /** What is answered once the object is stored with this revision. */
  written(revision: number): Answerable;
}

export interface Answerable {
  readonly object: Stored;
  /** The object's JSON as it goes on the wire, where it has just been made. */
  readonly json?: Buffer | undefined;
}

/** Of a write that `finishWrite` finished in this thread. */
export function finishedHere(write: Write, { spec }: WriteCheck): FinishedWrite {
  const { kind, next } = write;
  const specText = spec?.verdict?.isEncoded ? spec.text : undefined;
  let bytes: Buffer | undefined;
  return {
    get isUnchanged() {
      return isUnchanged(write);
    },
    get bytes() {
      bytes ??= storedBytes(kind, next, specText);
      return bytes;
    },
    unwritten: () => ({ object: next }),
    written(revision) {
      next.metadata.resourceVersion = String(revision);
      return kind.storedAs
        ? { object: next }
        : { object: next, json: insertResourceVersion(this.bytes, revision).bytes };
    },
  };
}

/** A write that was checked and finished in another thread. Without `finished` it is not valid. */
export interface WriteResult {
  readonly check: WriteCheck;
  readonly finished?: FinishedApart;
}

export interface FinishedApart {
  readonly warnings: readonly string[];
  readonly isUnchanged: boolean;
  /** JSON. */
  readonly stored: string;
  /** JSON of the object in its own version, when it is stored in another. */
  readonly own?: string | undefined;
}

/** Nobody parses the object again who only wants its JSON. */
export function finishedElsewhere({ previous }: Write, result: FinishedApart): FinishedWrite {
  const bytes = Buffer.from(result.stored);
  const own = result.own === undefined ? bytes : Buffer.from(result.own);
  const shown = (json: Buffer): Answerable => ({
    get object() {
      return JSON.parse(json.toString()) as Stored;
    },
    json,
  });
  const written = (revision: number): Answerable => shown(insertResourceVersion(own, revision).bytes);
  return {
    isUnchanged: result.isUnchanged,
    bytes,
    unwritten: () => (previous === undefined ? shown(own) : written(Number(previous.metadata.resourceVersion))),
    written,
  };
}

/** All of it, for another thread to do. */
export function checkAndFinish(write: Write): WriteResult {
  const check = checkWrite(write);
  if (check.errors.length > 0) return { check };
  const warnings = finishWrite(write, check);
  const { kind, next } = write;
  const finished = {
    warnings,
    isUnchanged: isUnchanged(write),
    stored: storedBytes(kind, next).toString(),
    own: kind.storedAs && encodeObject(next).toString(),
  };
  return { check, finished };
}
