/**
 * One version of one object as the cache keeps it: the bytes that go on the wire and the few values that are selected
 * by. The parsed object and further encodings are held weakly: they live while somebody uses them.
 */

import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { CachedObject, CachedResource } from './resource-cache.ts';
import { insertResourceVersion, replaceResourceVersion, type VersionedJson } from './resource-version-json.ts';
import type { Entry } from './store.ts';

type ReadonlyObject = DeepReadonly<Stored<KubernetesObject>>;
type Texts = Readonly<Record<string, string>>;

const noTexts: Texts = Object.freeze({});

interface Identity {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Texts;
  readonly fields: Texts;
}

export class CachedVersion implements CachedObject {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Texts;
  readonly fields: Texts;
  readonly revision: number;
  readonly bytes: Buffer;
  readonly #versionOffset: number;
  #object: WeakRef<ReadonlyObject> | undefined;
  #forms: Map<string, WeakRef<Buffer>> | undefined;

  private constructor({ key, namespace, name, labels, fields }: Identity, revision: number, json: VersionedJson) {
    this.key = key;
    this.namespace = namespace;
    this.name = name;
    this.labels = labels;
    this.fields = fields;
    this.revision = revision;
    this.bytes = json.bytes;
    this.#versionOffset = json.versionOffset;
  }

  /** Parses the entry once. Throws when its value is not an object's JSON. */
  static from(entry: Entry, resource: Pick<CachedResource, 'prefix' | 'namespaced' | 'fieldsOf'>): CachedVersion {
    const json = insertResourceVersion(entry.value, entry.revision);
    const object = parse(json.bytes);
    const path = entry.key.slice(resource.prefix.length);
    const slash = resource.namespaced ? path.indexOf('/') : -1;
    const identity: Identity = {
      key: entry.key,
      namespace: slash < 0 ? '' : path.slice(0, slash),
      name: path.slice(slash + 1),
      labels: object.metadata.labels ?? noTexts,
      fields: resource.fieldsOf(object),
    };
    const version = new CachedVersion(identity, entry.revision, json);
    version.#object = new WeakRef(object);
    return version;
  }

  get object(): ReadonlyObject {
    let object = this.#object?.deref();
    if (object === undefined) {
      object = parse(this.bytes);
      this.#object = new WeakRef(object);
    }
    return object;
  }

  encoded(form: string, encode: (item: CachedObject) => Buffer): Buffer {
    this.#forms ??= new Map();
    let bytes = this.#forms.get(form)?.deref();
    if (bytes === undefined) {
      bytes = encode(this);
      this.#forms.set(form, new WeakRef(bytes));
    }
    return bytes;
  }

  /** The same state under another resourceVersion: how an object is shown that is deleted or selected no more. */
  at(revision: number): CachedVersion {
    const json = replaceResourceVersion({ bytes: this.bytes, versionOffset: this.#versionOffset }, revision);
    return new CachedVersion(this, revision, json);
  }
}

/** The store holds what this server, or another of its kind, has encoded. */
const parse = (bytes: Buffer): ReadonlyObject => JSON.parse(bytes.toString()) as Stored<KubernetesObject>;
