/**
 * CONTRACT: what the API server knows of one kind. A row of the table of kinds (`kind-table.ts`) is one `Kind`; routes,
 * discovery, OpenAPI, storage, defaults, validation, tables and patching all read it. Which kinds there are now, the
 * registry says (`kind-registry.ts`).
 */

import type { KubernetesObject, Stored } from '../api/object.ts';
import type { ServedResource, Subresource, Verb } from '../api/resource.ts';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { FieldErrors } from '../machinery/field-errors.ts';
import type { CustomDescription } from '../machinery/schema/described-resource.ts';
import type { ObjectSchema } from '../machinery/schema/schema.ts';
import type { Effort } from '../machinery/structural/effort.ts';
import type { ServerName } from './served-by.ts';

/** A column of `kubectl get`. Names, types, formats and priorities are upstream's. */
export interface Column<T> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** `name` marks the column that names the object. */
  readonly format?: string;
  readonly description: string;
  /** 0 is always shown, 1 only with `-o wide`. */
  readonly priority?: number;
  /** The cell. `now` is wall time in milliseconds, for ages. */
  cell(object: Stored<T & KubernetesObject>, now: number): string | number | boolean | null;
}

export interface RowCondition {
  readonly type: 'Completed';
  readonly status: 'True';
  readonly reason: string;
  readonly message: string;
}

export interface SelectableField<T> {
  /** `spec.nodeName` */
  readonly name: string;
  value(object: DeepReadonly<T>): string;
}

/** Which write is going on. */
export interface WriteContext {
  /** An update, not a create. */
  readonly isUpdate?: boolean | undefined;
  readonly subresource?: string | undefined;
  readonly namespace?: string | undefined;
  /** Validation may throw TooMuchEffortError instead of taking more. Default: it takes what it takes. */
  readonly effort?: Effort | undefined;
  /** Name of who writes, for kinds that record it (CertificateSigningRequest). */
  readonly user?:
    | {
        readonly name: string;
        readonly uid?: string;
        readonly groups: readonly string[];
        readonly extra?: Readonly<Record<string, readonly string[]>>;
      }
    | undefined;
}

/** Of a write whose object the strategy brings into shape. */
export interface PrepareContext extends WriteContext {
  /** Wall time in milliseconds: what is written now has this time. */
  readonly now: number;
}

/** What is asked in every write. All members are optional, synchronous, and pure but for the object handed in. */
export interface WriteStrategy<T> {
  /**
   * Fills in defaults, in place. Runs on every object that is written, also on one that shares parts with the version
   * it replaces: where all defaults are there, nothing is assigned.
   */
  setDefaults?(object: T): void;
  validate?(object: T, errors: FieldErrors, context: WriteContext): void;
  /** Validation compiles what users write (patterns, CEL): small objects may take long too. Default false. */
  readonly compilesExpressions?: boolean;
  /** How names of this kind are validated. Default `subdomain`. */
  readonly nameFormat?: 'subdomain' | 'label' | 'label1035' | 'pathSegment' | 'ipAddress';
  /** After validation: the canonical form that is stored. */
  canonicalize?(object: T): void;
  /** Texts for `Warning:` headers. */
  warnings?(object: T, previous: Stored<T & KubernetesObject> | undefined): string[];
  /**
   * All that `validate` and `warnings` look at in a new object: equal parts were judged alike, so neither is asked of
   * what has been let in before. Undefined: it is to be judged by itself. Such kinds have no `canonicalize`.
   */
  judgedBy?(object: T): JudgedParts | undefined;
}

export interface JudgedParts {
  /** The object's `spec`. */
  readonly spec: object;
  /** What else they look at. Absent: nothing. */
  readonly beside?: unknown;
}

/** What counts as a new wish of the user's. */
export interface GenerationStrategy<T> {
  /** The parts of the object whose change bumps `metadata.generation`; absent: the kind has no generation. */
  generationOf?(object: T): object;
  /** An empty list or text where there was none counts as a change, although the store keeps neither. Default false. */
  readonly countsEmptyLists?: boolean;
}

export interface CreateStrategy<T> {
  /** Drops what clients may not set at creation (status), sets what the server sets (generation is the registry's). */
  prepareForCreate?(object: T, context: PrepareContext): void;
  /** Objects go away by themselves after this long (events). */
  readonly timeToLiveSeconds?: number;
}

export interface UpdateStrategy<T> {
  /** Keeps what this write may not change: status for the main resource, everything else for `/status`. */
  prepareForUpdate?(next: T, previous: Stored<T & KubernetesObject>, context: PrepareContext): void;
  /** Only what depends on the change; `validate` ran before. Compare with `isSemanticallyEqual`: `next` is not encoded yet. */
  validateUpdate?(next: T, previous: Stored<T & KubernetesObject>, errors: FieldErrors, context: WriteContext): void;
  /** PUT creates when the object is missing. Default false. */
  readonly allowCreateOnUpdate?: boolean;
  /** PUT without a resourceVersion is allowed. Default true. */
  readonly allowUnconditionalUpdate?: boolean;
  /**
   * What an update asks of metadata after the registry has: only what may not change (the default), everything that a
   * creation asks, or both. Upstream's kinds differ, and causes are counted.
   */
  readonly metadataOnUpdate?: 'changes' | 'all' | 'both' | 'none';
}

export type PropagationPolicy = 'Background' | 'Foreground' | 'Orphan';

export interface DeleteStrategy<T> {
  /** Seconds of grace for a DELETE; absent: deletion is immediate. */
  gracePeriodSeconds?(object: Stored<T & KubernetesObject>, asked: number | undefined): number;
  /** DELETE answers with the object even when it is gone (pods, services …). Default false: with a Status. */
  readonly returnDeletedObject?: boolean;
  /** Of a DELETE that names none. Default `Background`; jobs and replication controllers orphan their pods. */
  readonly defaultPropagationPolicy?: PropagationPolicy;
  /**
   * Deletion in two steps, for kinds that others clean up after (namespaces): the first DELETE marks the object, and
   * `markDeleted` shows it; it goes with the first DELETE or update after which nothing holds it any more.
   */
  readonly twoStepDeletion?: { markDeleted(object: T): void; isHeld(object: T): boolean };
}

/**
 * What is particular to a kind when its objects are written. When each of these is called stands in
 * `apiserver/registry/write-order.ts`. `metadata` is handled for all kinds alike by the registry (names, labels, owner
 * references, immutability); a strategy sees to `spec`, `status` and the rest.
 */
export interface Strategy<T>
  extends WriteStrategy<T>,
    GenerationStrategy<T>,
    CreateStrategy<T>,
    UpdateStrategy<T>,
    DeleteStrategy<T> {}

/** What `kubectl get` shows. */
export interface TablePresentation<T> {
  readonly columns: readonly Column<T>[];
  /** What a Table says of a row as a whole (a pod has completed). Default: nothing. */
  rowConditions?(object: DeepReadonly<T>): readonly RowCondition[];
  /** The order of a Table's rows where it is not that of the list. */
  compareRows?(a: DeepReadonly<T>, b: DeepReadonly<T>): number;
}

/** A part of its objects, or an action on them, that has a URL of its own. */
export interface KindSubresource extends Subresource {
  readonly servedBy: ServerName;
  /** An addition of ours to one of upstream's kinds: discovery and OpenAPI stay what clients know. */
  readonly isHidden?: true;
}

/**
 * How objects of a kind of several versions get out of the store and in, where each lies in it in the version in which
 * it was last written (custom resources). Each version has a resource cache of its own, of converted objects.
 */
export interface StoredConversion {
  /** The version in which objects are written. */
  readonly storageVersion: string;
  /**
   * Stored objects, in whichever version each is, as this kind's, in their order; one that needs no change stays the same
   * object. They are the callee's own. A promise where somebody has to be asked, who may refuse or not answer: it is
   * then rejected with a StatusError.
   */
  fromStored(objects: readonly Stored[]): readonly Stored[] | Promise<readonly Stored[]>;
  /** The same back: as it is written. */
  toStored(object: Stored): Stored | Promise<Stored>;
}

/** What a kind is made of that comes while the server runs: another thread makes the same of it. */
export interface KindSource {
  /** Another one of the same id would be the same. */
  readonly id: string;
  /** The definition, as JSON. */
  json(): string;
}

/** Where the parts of a Scale are found in an object. */
export interface ScalePaths {
  readonly specReplicas: readonly string[];
  /** The same of every version of the definition, by apiVersion; undefined where a version cannot be scaled. */
  readonly specReplicasByVersion: ReadonlyMap<string, readonly string[] | undefined>;
  readonly statusReplicas: readonly string[];
  /** Of a selector in its text form. */
  readonly labelSelector?: readonly string[] | undefined;
}

export interface Kind<T extends KubernetesObject = KubernetesObject> extends ServedResource<T>, TablePresentation<T> {
  /** Who answers its requests: its verbs follow from that. */
  readonly servedBy: ServerName;
  readonly subresources: readonly KindSubresource[];
  /** What its objects look like. */
  readonly schema: ObjectSchema;
  /** Of a custom kind: what documents say of its objects. */
  readonly description?: CustomDescription;
  /** Field selectors beyond `metadata.name` and `metadata.namespace`, which every kind has. */
  readonly selectableFields: readonly SelectableField<T>[];
  readonly strategy: Strategy<T>;
  /** A text for the `Warning:` header of every answer about this kind, refusals included. */
  readonly deprecation?: string;
  /**
   * For a second version or group of one stored kind (autoscaling/v1, events.k8s.io): how to reach the stored form.
   * The store, the watch cache and resource versions are shared with it.
   */
  readonly storedAs?: {
    readonly group: string;
    readonly version: string;
    toStored(object: T): KubernetesObject;
    fromStored(object: KubernetesObject): T;
  };
  /** Of a kind that was made while the server runs. Its resource cache is open only while somebody reads. */
  readonly conversion?: StoredConversion;
  /** Absent: it is in the table of kinds. */
  readonly madeOf?: KindSource;
  /** Default: the kind's name and `List`. */
  readonly listKind?: string;
  /** Default: those of workloads. */
  readonly scale?: ScalePaths;
  /** Its verbs as discovery tells of them. Default: all of them, in alphabetical order. */
  readonly toldVerbs?: readonly Verb[];
  /** The kind is going, with all its objects: no more are made. */
  readonly isTerminating?: boolean;
}
