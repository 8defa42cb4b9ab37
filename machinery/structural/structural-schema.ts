/**
 * CONTRACT: the schema of a version of a CustomResourceDefinition, compiled: what it does to the objects of that version.
 * Everything here works on plain JSON, in place where it says so, in time linear in the object (but for CEL rules, which
 * are metered), and no deeper than the schema. Each part is compiled when it is first asked for.
 *
 * A custom resource passes:  decode (prunes, coerces metadata) → setDefaults → … → validate → store → readStored
 */

import type { JsonRecord } from '../../api/json-record.ts';
import { tooLarge } from '../../api/status-error.ts';
import { Budget, perObjectLimit } from '../cel/budget.ts';
import { FieldErrors, FieldPath, type FieldReason } from '../field-errors.ts';
import type { ObjectSchema } from '../schema/schema.ts';
import type { Subject } from './check-junctors.ts';
import { checkValue } from './check-value.ts';
import { Correlation } from './correlation.ts';
import { dropNulls, pruneDefaults, setDefaults } from './defaults.ts';
import { Effort } from './effort.ts';
import { type EmbeddedRules, repairEmbedded, validateEmbedded } from './embedded-metadata.ts';
import type { JsonSchema } from './json-schema.ts';
import { validateListTypes } from './list-types.ts';
import { customObjectSchema } from './object-schema.ts';
import { nowhere, Outcome, reportIssues } from './outcome.ts';
import { pruneSilently } from './prune.ts';
import { createObjectReader } from './read-object.ts';
import { compileRules, type RuleNode } from './rules/rule-node.ts';
import { runRules } from './rules/run-rules.ts';
import { buildNode, type StructuralNode } from './structural-node.ts';
import { compileValueSchema, type ValueSchema } from './value-schema.ts';

export interface StructuralSchema {
  /** What it was compiled of; CEL types and documents are made of it. */
  readonly schema: JsonSchema;
  /**
   * Objects of the version as decoding, patches and server-side apply see them (`Kind.schema`). Its `reader` is what
   * `decode` does: values stay as they were sent, whatever their types; fields that the schema does not name are dropped
   * and told (`unknown field "spec.x"`); `metadata`, here and in embedded resources, is that of any object.
   */
  readonly objectSchema: ObjectSchema;
  /** Drops what the schema does not name, in place; answers whether there was anything. */
  prune(object: JsonRecord): boolean;
  /**
   * Fills in defaults, in place (`Strategy.setDefaults`); a null that may not be one and has a default becomes the
   * default. Idempotent. Throws RequestEntityTooLarge where they come to more than any object can have.
   */
  setDefaults(object: JsonRecord): void;
  /**
   * An object that was stored under a former schema as it looks now: pruned, malformed metadata dropped, defaults filled
   * in (as many as there is room for). In place; answers whether anything had to change.
   */
  readStored(object: JsonRecord): boolean;
  /** Whether the object is valid: values, embedded resources, list types and CEL rules, but not its own metadata. */
  validate(write: ValidatedWrite, errors: FieldErrors): void;
  /** What is wrong with an object that `validate` passed, because it was wrong before: as warnings (`Strategy.warnings`). */
  warnings(object: JsonRecord): readonly string[];
}

export interface ValidatedWrite {
  readonly object: JsonRecord;
  /** What it replaces. What is wrong in parts that are unchanged since is not told again. */
  readonly previous: JsonRecord | undefined;
  /** Of a write to `/status` only the status is checked, and the rules. */
  readonly subresource?: string | undefined;
  /** Throws TooMuchEffortError when it takes more. Default: it takes what it takes. */
  readonly effort?: Effort | undefined;
  /** What is asked beside the schema (`/scale`): its errors stand after those of values. */
  readonly alsoValidate?: (errors: FieldErrors) => void;
}

export interface StructuralSchemaOptions {
  /** Names the schema in documents, e.g. `dev.example.v1.Widget`; no published definition has that name. */
  readonly definition: string;
  /** Of what the objects are: `group`, `version`, `kind`. */
  readonly gvk: readonly [group: string, version: string, kind: string];
  /** What is asked of resources inside (`kinds/validation/embedded-rules.ts`). */
  readonly embeddedRules: EmbeddedRules;
  /** `spec.preserveUnknownFields`: a definition older than v1 keeps what it does not know. Default false. */
  readonly preserveUnknownFields?: boolean;
}

/** `schema` is structural: the definition was validated. */
export function compileSchema(schema: JsonSchema, options: StructuralSchemaOptions): StructuralSchema {
  return new CompiledSchema(schema, options);
}

const blocking: ReadonlySet<FieldReason> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);
/** In units of effort. */
const compilingCost = { node: 10, ruleCharacter: 5 };
const blockedText =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

/** Where its errors go, and what it takes. */
interface Check {
  readonly errors: FieldErrors;
  readonly effort: Effort;
}

class CompiledSchema implements StructuralSchema {
  readonly schema: JsonSchema;
  readonly #options: StructuralSchemaOptions;
  readonly #root: StructuralNode;
  readonly objectSchema: ObjectSchema;
  #values: ValueSchema | undefined;
  #rules: { readonly root: RuleNode | undefined } | undefined;
  /** What was found while objects were validated. */
  readonly #warnings = new WeakMap<JsonRecord, readonly string[]>();

  constructor(schema: JsonSchema, options: StructuralSchemaOptions) {
    const { definition, gvk, preserveUnknownFields: preservesUnknown = false } = options;
    this.schema = schema;
    this.#options = options;
    this.#root = buildNode(schema);
    pruneDefaults(this.#root);
    const reader = createObjectReader({ root: this.#root, preservesUnknown });
    this.objectSchema = customObjectSchema(this.#root, { definition, gvk, reader });
  }

  prune(object: JsonRecord): boolean {
    return pruneSilently(object, this.#root);
  }

  setDefaults(object: JsonRecord): void {
    if (setDefaults(object, this.#root).isComplete) return;
    throw tooLarge('Request entity too large: the defaults of its schema make the object larger than objects can be');
  }

  readStored(object: JsonRecord): boolean {
    const isPruned = !this.#options.preserveUnknownFields && pruneSilently(object, this.#root);
    const isRepaired = repairEmbedded(object, this.#root);
    const hadNulls = dropNulls(object, this.#root);
    const filled = setDefaults(object, this.#root);
    return isPruned || isRepaired || hadNulls || filled.isChanged;
  }

  validate(write: ValidatedWrite, errors: FieldErrors): void {
    const { object, previous, subresource, alsoValidate, effort = new Effort() } = write;
    this.#makeReady(effort);
    const correlation = previous && new Correlation(object, previous, this.#root);
    if (subresource === 'status') this.#validateStatus(object, correlation, { errors, effort });
    else this.#validateValues({ value: object, path: '', correlation }, { errors, effort });
    alsoValidate?.(errors);
    if (subresource !== 'status') validateEmbedded(object, this.#root, { rules: this.#options.embeddedRules }, errors);
    this.#validateListTypes(object, previous, errors);
    this.#validateRules(object, correlation, { errors, effort });
  }

  warnings(object: JsonRecord): readonly string[] {
    return this.#warnings.get(object) ?? [];
  }

  /** Compiling is the first check's to pay for. */
  #makeReady(effort: Effort): void {
    if (this.#values === undefined) effort.spend(this.#root.size * compilingCost.node);
    if (this.#rules === undefined) effort.spend(this.#root.ruleLength * compilingCost.ruleCharacter);
  }

  /** They take for granted that values are of their types. */
  #validateRules(object: JsonRecord, correlation: Correlation | undefined, { errors, effort }: Check): void {
    this.#rules ??= { root: compileRules(this.#root, { isResource: true }) };
    const { root } = this.#rules;
    if (root === undefined) return;
    if (errors.list.some(({ reason }) => blocking.has(reason))) {
      errors.invalid(nowhere, null, blockedText);
      return;
    }
    const warnings: string[] = [];
    const budget = new Budget(perObjectLimit);
    const subject = { value: object, previous: correlation?.previous, correlation };
    runRules(root, subject, { errors, budget, effort, warn: (text) => warnings.push(text) });
    if (warnings.length > 0) this.#warnings.set(object, warnings);
  }

  #validateValues(subject: Subject, { errors, effort }: Check): void {
    const outcome = new Outcome(effort);
    checkValue(this.#valueSchema, subject, outcome);
    reportIssues(outcome.issues, undefined, errors);
  }

  /** As if it were an object of its own: that is how the words name its parts. */
  #validateStatus(object: JsonRecord, correlation: Correlation | undefined, { errors, effort }: Check): void {
    const schema = this.#valueSchema.object.properties.get('status');
    if (schema === undefined || object.status === undefined) return;
    const outcome = new Outcome(effort);
    checkValue(schema, { value: object.status, path: '', correlation: correlation?.key('status') }, outcome);
    reportIssues(outcome.issues, FieldPath.of('status'), errors);
  }

  /** Lists that were not unique before need not become so. */
  #validateListTypes(object: JsonRecord, previous: JsonRecord | undefined, errors: FieldErrors): void {
    if (previous !== undefined) {
      const before = new FieldErrors();
      validateListTypes(previous, this.#root, before);
      if (!before.empty) return;
    }
    validateListTypes(object, this.#root, errors);
  }

  get #valueSchema(): ValueSchema {
    this.#values ??= compileValueSchema(this.schema);
    return this.#values;
  }
}
