/**
 * Runs the single-field recordings in memory, without a server: each case is decoded, completed by the kind's strategy
 * and validated as the registry would do it, and its outcome is graded against upstream's. What belongs to the server
 * itself (uids, addresses, admission) is played by `server-stub.ts`, so these grades speak of `api/` alone.
 *
 *   node --import tsx test/golden/field-cases.ts [--show 5] [--only TEXT] [--inexact] [FILE …]
 */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { StatusError } from '../../api/status-error.ts';
import { isCounted } from '../../apiserver/registry/object-metadata.ts';
import { packageRoot } from '../../base/package-root.ts';
import type { Kind, PrepareContext } from '../../kinds/kind.ts';
import { KindRegistry } from '../../kinds/kind-registry.ts';
import { kinds } from '../../kinds/kind-table.ts';
import { validateMetadata, validateMetadataUpdate } from '../../kinds/validation/metadata-validation.ts';
import { FieldErrors, invalidObject } from '../../machinery/field-errors.ts';
import { DecodeError, decode } from '../../machinery/schema/decode.ts';
import { encode } from '../../machinery/schema/encode.ts';
import {
  applyOperations,
  findChanges,
  type Grade,
  gradeOutcome,
  type Outcome,
  type PatchOperation,
} from './answers.ts';
import {
  allocatedAddress,
  completeCreated,
  completeUpdated,
  creationTime,
  generatedSuffix,
  givenUid,
  keepMetadata,
  newMetadata,
  refuseByAdmission,
  refuseMismatch,
} from './server-stub.ts';

const registry = new KindRegistry(kinds);

export const fieldRecordings = join(packageRoot, 'test/golden/recordings/fields');

interface BaseLine {
  readonly base: string;
  readonly path: string;
  readonly body: KubernetesObject;
  readonly as?: { readonly user: string; readonly groups?: readonly string[] };
  readonly fresh?: readonly PatchOperation[];
  readonly settle?: number;
  readonly want: Outcome;
}

interface CaseLine {
  readonly id: string;
  readonly op: 'create' | 'update';
  readonly patch: readonly PatchOperation[];
  readonly sub?: string;
  readonly want: Outcome;
}

export interface CaseResult extends Grade {
  readonly id: string;
  readonly want: Outcome;
  readonly got: Outcome;
}

const namespace = 'golden-ns';

/** All cases of one file of recordings. */
export function* runFieldCases(file: string): Generator<CaseResult> {
  const text = readFileSync(file, 'utf8').replaceAll('{ns}', namespace);
  let group: Group | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const parsed = JSON.parse(line) as BaseLine | CaseLine;
    if ('base' in parsed) {
      group = new Group(parsed);
      yield grade(`${parsed.base} base`, parsed.want, group.baseOutcome);
    } else if (group) yield grade(parsed.id, parsed.want, group.run(parsed));
  }
}

function grade(id: string, want: Outcome, got: Outcome): CaseResult {
  return { id, want, got, ...gradeOutcome(withoutDocuments(want), withoutDocuments(got)) };
}

/** A patch that does not decode shows the whole patched document, whose spelling belongs to the patch handler. */
function withoutDocuments(outcome: Outcome): Outcome {
  if (outcome.causes?.[0]?.[0] !== 'patch') return outcome;
  return {
    ...outcome,
    causes: outcome.causes.map(([field, reason, message]) => [
      field,
      reason,
      message.slice(message.lastIndexOf('\\n": ') < 0 ? message.lastIndexOf('": ') : message.lastIndexOf('\\n": ')),
    ]),
  };
}

class Group {
  readonly baseOutcome: Outcome;
  readonly #kind: Kind;
  readonly #base: BaseLine;
  readonly #renamed: unknown;
  readonly #fresh: Outcome;
  readonly #stored: Stored | undefined;
  /** The object behind the newest answer, as it would be stored. */
  #last: Stored | undefined;
  /** What the client has written so far: such values are no placeholders. */
  #sent = '';

  constructor(base: BaseLine) {
    this.#base = base;
    this.#kind = kindOfPath(base.path);
    const { answer: created, ...outcome } = this.#create(base.body);
    // Only what is really stored has a version; the mutations are tried with dryRun.
    const versioned = { metadata: { resourceVersion: '<rv:1>' } };
    const stored = this.#last && (merge(this.#last, versioned) as Stored);
    this.baseOutcome = created === undefined ? outcome : { ...outcome, answer: normalise(stored, this.#sent) };
    this.#stored = stored;
    const renamed = { ...base.body, metadata: { ...base.body.metadata, name: `${base.body.metadata?.name}-x` } };
    this.#renamed = applyOperations(renamed, base.fresh ?? []);
    this.#fresh = this.#create(this.#renamed);
  }

  run(one: CaseLine): Outcome {
    if (one.op === 'create') return brief(this.#create(applyOperations(this.#renamed, one.patch)), this.#fresh.answer);
    if (!this.#stored) return { code: 0, message: 'the base was refused' };
    return brief(this.#update(this.#stored, one), this.baseOutcome.answer);
  }

  #context(subresource?: string, isUpdate = false): PrepareContext {
    const { as } = this.#base;
    return {
      subresource,
      namespace: this.#kind.namespaced ? namespace : undefined,
      isUpdate,
      user: { name: as?.user ?? 'admin', groups: [...(as?.groups ?? ['system:masters']), 'system:authenticated'] },
      now: Date.parse(creationTime),
    };
  }

  #create(body: unknown): Outcome {
    const { strategy } = this.#kind;
    const context = this.#context();
    this.#sent = JSON.stringify(body);
    return this.#answer(201, () => {
      const { object, warnings } = this.#decode(body);
      refuseMismatch(this.#kind, object, context);
      strategy.setDefaults?.(object);
      newMetadata(this.#kind, object, context);
      strategy.prepareForCreate?.(object, context);
      completeCreated(this.#kind, object);
      const errors = new FieldErrors();
      validateMetadata(this.#kind, object, errors);
      strategy.validate?.(object, errors, context);
      this.#refuse(object, errors);
      refuseByAdmission(this.#kind, object);
      return this.#finish(object, undefined, warnings);
    });
  }

  #update(previous: Stored, one: CaseLine): Outcome {
    const { strategy } = this.#kind;
    const context = this.#context(one.sub, true);
    this.#sent = JSON.stringify([this.#base.body, one.patch]);
    return this.#answer(200, () => {
      let patched: unknown;
      try {
        patched = applyOperations(previous, one.patch);
      } catch (error) {
        throw new StatusError(
          422,
          'Invalid',
          `the server rejected our request due to an error in our request: ${error}`,
        );
      }
      const { object, warnings } = this.#decodePatched(patched);
      refuseMismatch(this.#kind, object, context, previous);
      strategy.setDefaults?.(object);
      keepMetadata(object, previous);
      strategy.prepareForUpdate?.(object, structuredClone(previous), context);
      completeUpdated(this.#kind, object, previous, one.sub);
      const errors = new FieldErrors();
      validateMetadataUpdate(this.#kind, object, previous, errors);
      strategy.validate?.(object, errors, context);
      strategy.validateUpdate?.(object as Stored, structuredClone(previous), errors, context);
      this.#refuse(object, errors);
      return this.#finish(object, previous, warnings);
    });
  }

  #answer(code: number, write: () => { object: unknown; warnings: string[] }): Outcome {
    const outcome = answer(code, write);
    const { deprecation } = this.#kind;
    return deprecation === undefined ? outcome : { ...outcome, warnings: [...(outcome.warnings ?? []), deprecation] };
  }

  #finish(object: KubernetesObject, previous: Stored | undefined, warnings: string[]) {
    const { strategy, schema } = this.#kind;
    strategy.canonicalize?.(object);
    encode(schema, object);
    if (previous && isCounted(this.#kind, object, previous))
      (object.metadata as { generation?: number }).generation = (previous.metadata.generation ?? 0) + 1;
    const all = [...warnings, ...(strategy.warnings?.(object, previous) ?? [])];
    object.apiVersion = apiVersionOf(this.#kind);
    object.kind = this.#kind.kind;
    this.#last = JSON.parse(JSON.stringify(object)) as Stored;
    return { object: normalise(this.#last, this.#sent), warnings: [...new Set(all)] };
  }

  #decode(body: unknown): { object: KubernetesObject; warnings: string[] } {
    const { kind, version, group, schema } = this.#kind;
    try {
      const { object, strictErrors } = decode(schema, structuredClone(body));
      return { object, warnings: [...strictErrors] };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const apiVersion = group === '' ? version : version;
      throw new StatusError(
        400,
        'BadRequest',
        `${kind} in version "${apiVersion}" cannot be handled as a ${kind}: ${error.message}`,
      );
    }
  }

  #decodePatched(body: unknown): { object: KubernetesObject; warnings: string[] } {
    try {
      const { object, strictErrors } = decode(this.#kind.schema, structuredClone(body));
      return { object, warnings: [...strictErrors] };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const message = `Invalid value: "": ${error.message}`;
      throw new StatusError(422, 'Invalid', message, {
        causes: [{ field: 'patch', reason: 'FieldValueInvalid', message }],
      });
    }
  }

  #refuse(object: KubernetesObject, errors: FieldErrors): void {
    if (!errors.empty) throw invalidObject(this.#kind, object.metadata?.name ?? '', errors.list);
  }
}

function merge(object: unknown, { metadata }: { metadata: object }): unknown {
  const { metadata: own, ...rest } = object as KubernetesObject;
  return { ...rest, metadata: { ...own, ...metadata } };
}

/** Placeholders for what differs from run to run; a time that was not sent as it stands is one of them. */
function normalise(object: unknown, sent: string): unknown {
  const text = JSON.stringify(object)
    .replaceAll(`"${creationTime}"`, '"<time>"')
    .replaceAll(`${generatedSuffix}"`, '<suffix>"')
    .replaceAll(allocatedAddress, '<ip:1>')
    .replaceAll(givenUid, '<uid:1>')
    .replaceAll(/"(20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"/g, (all, time: string) =>
      sent.includes(time) ? all : '"<time>"',
    );
  return labelVersions(JSON.parse(text), new Map());
}

/** The same resource version always gets the same placeholder. */
function labelVersions(value: unknown, labels: Map<string, string>, key?: string): unknown {
  if (key === 'resourceVersion' && typeof value === 'string' && value !== '' && value !== '0') {
    const label = labels.get(value) ?? `<rv:${labels.size + 1}>`;
    labels.set(value, label);
    return label;
  }
  if (Array.isArray(value)) return value.map((item) => labelVersions(item, labels));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, labelVersions(member, labels, name)]));
}

function answer(code: number, write: () => { object: unknown; warnings: string[] }): Outcome {
  try {
    const { object, warnings } = write();
    return { code, answer: object, ...(warnings.length > 0 && { warnings }) };
  } catch (error) {
    if (!(error instanceof StatusError)) return { code: 500, message: String((error as Error).stack) };
    const { message = '', details, reason = '', code: status = 500 } = error.status;
    const causes = (details?.causes ?? []).map((cause): [string, string, string] => [
      cause.field ?? '',
      cause.reason ?? '',
      cause.message ?? '',
    ]);
    return { code: status, reason, ...(causes.length > 0 ? { causes } : { message }) };
  }
}

function brief({ answer: object, ...rest }: Outcome, base: unknown): Outcome {
  return rest.code >= 400 ? rest : { ...rest, changes: findChanges(base, object) };
}

function kindOfPath(path: string): Kind {
  const parts = path.split('/').filter((part) => part !== '');
  const [group, version] = parts[0] === 'api' ? ['', parts[1] ?? ''] : [parts[1] ?? '', parts[2] ?? ''];
  const kind = registry.find({ group, version, plural: parts.at(-1) ?? '' });
  if (!kind) throw new Error(`No kind for ${path}`);
  return kind;
}

/** Prints how each file fares. */
function main(args: string[]): void {
  const option = (name: string, fallback: string) => {
    const at = args.indexOf(`--${name}`);
    return at < 0 ? fallback : (args.splice(at, 2)[1] ?? fallback);
  };
  const show = Number(option('show', '0'));
  const only = option('only', '');
  const inexact = args.includes('--inexact');
  const names = args.filter((one) => !one.startsWith('--'));
  const files = readdirSync(fieldRecordings).filter(
    (file) => names.length === 0 || names.some((name) => file.includes(name)),
  );
  const total = { cases: 0, same: 0, exact: 0 };
  for (const file of files) {
    const results = [...runFieldCases(join(fieldRecordings, file))].filter(({ id }) => id.includes(only));
    const same = results.filter((one) => one.same).length;
    const exact = results.filter((one) => one.exact).length;
    total.cases += results.length;
    total.same += same;
    total.exact += exact;
    console.log(`${basename(file, '.jsonl')}: ${results.length} cases, ${same} same, ${exact} exact`);
    for (const miss of results.filter((one) => (inexact ? !one.exact : !one.same)).slice(0, show)) {
      console.log(
        `  ${miss.id}\n    want ${JSON.stringify(miss.want).slice(0, 900)}\n    got  ${JSON.stringify(miss.got).slice(0, 900)}`,
      );
    }
  }
  const percent = (count: number) => ((100 * count) / total.cases).toFixed(1);
  console.log(`total: ${total.cases} cases, ${percent(total.same)} % same, ${percent(total.exact)} % exact`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
