/**
 * CONTRACT: which versions of APIs are served by other servers, by the APIServices there are. A version that is here is
 * not served by this server, whatever kinds it has: an APIService that names a Service takes it over.
 */

import type { ObjectKey } from '../../api/object.ts';
import type { APIService } from '../../api/types/apiregistration/v1.ts';
import type { ObjectFollower } from '../registry/followed-objects.ts';
import type { Found } from '../registry/object-reader.ts';
import type { RequestInfo } from '../request/request-info.ts';
import { RemoteApi } from './remote-api.ts';

/** Called in the turn of the change. */
export interface RemoteApiListener {
  added(api: RemoteApi): void;
  removed(api: RemoteApi): void;
}

export class RemoteApis implements ObjectFollower<APIService> {
  readonly #byName = new Map<string, RemoteApi>();
  readonly #byVersion = new Map<string, RemoteApi>();
  readonly #listeners: RemoteApiListener[] = [];
  #generation = 0;

  /** Grows with each change of what there is, and of what one tells of itself (`noteChange`). */
  get generation(): number {
    return this.#generation;
  }

  listen(listener: RemoteApiListener): void {
    this.#listeners.push(listener);
  }

  all(): readonly RemoteApi[] {
    return [...this.#byName.values()];
  }

  find(group: string, version: string): RemoteApi | undefined {
    return this.#byVersion.size === 0 ? undefined : this.#byVersion.get(`${group}/${version}`);
  }

  /** Who serves what is asked for; undefined: this server. */
  of(info: RequestInfo): RemoteApi | undefined {
    if (this.#byVersion.size === 0) return undefined;
    if (info.isResource) return this.find(info.group, info.version);
    const [, group, version] = /^(?:\/openapi\/v3)?\/apis\/([^/]+)\/([^/]+)(?:\/|$)/.exec(info.path) ?? [];
    return group === undefined || version === undefined ? undefined : this.find(group, version);
  }

  /** What is known of an API has changed: documents made of it are to be made anew. */
  noteChange(): void {
    this.#generation += 1;
  }

  reset(): void {
    for (const api of this.all()) this.#drop(api);
  }

  set(object: Found<APIService>): void {
    const known = this.#byName.get(object.metadata.name);
    if (known?.update(object)) return;
    if (known) this.#drop(known);
    if (object.spec?.service === undefined) return;
    const api = new RemoteApi(object);
    this.#byName.set(api.name, api);
    this.#byVersion.set(`${api.group}/${api.version}`, api);
    this.noteChange();
    for (const listener of this.#listeners) listener.added(api);
  }

  remove({ name }: ObjectKey): void {
    const known = this.#byName.get(name);
    if (known) this.#drop(known);
  }

  #drop(api: RemoteApi): void {
    this.#byName.delete(api.name);
    this.#byVersion.delete(`${api.group}/${api.version}`);
    this.noteChange();
    for (const listener of this.#listeners) listener.removed(api);
    api.close();
  }
}
