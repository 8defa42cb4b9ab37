/**
 * One version of an API that another server serves, as its APIService says: where requests go, by which certificates, and
 * what was last heard of it.
 */

import https from 'node:https';
import { equalJson } from '../../api/json-record.ts';
import { isForeignAddress } from '../../api/special-ip.ts';
import type { APIService } from '../../api/types/apiregistration/v1.ts';
import type { KeyPair } from '../../base/certificates.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { judgedLookup } from '../../base/judged-lookup.ts';
import type { Found } from '../registry/object-reader.ts';
import type { ApiPriority } from './api-priority.ts';

export interface ServiceOfApi {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

const lookup = judgedLookup(isForeignAddress);
const defaultPort = 443;

export class RemoteApi {
  /** Of the APIService. */
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly priority: ApiPriority;
  readonly service: ServiceOfApi;
  /** What it serves, as it told when it was last asked; undefined: it never has. JSON, an APIResourceList. */
  resources: unknown;
  /** It answered when it was last asked. */
  isFresh = false;
  #object: Found<APIService>;
  #agent: { readonly agent: https.Agent; readonly clientPair: KeyPair | undefined } | undefined;

  /** Throws when the object names no Service: it is this server's own. */
  constructor(object: Found<APIService>) {
    const { group = '', version = '', service, groupPriorityMinimum = 0, versionPriority = 0 } = object.spec ?? {};
    if (service === undefined) throw new Error(`${object.metadata.name} names no Service`);
    this.#object = object;
    this.name = object.metadata.name;
    this.group = group;
    this.version = version;
    this.priority = { groupPriorityMinimum, versionPriority };
    const { namespace = '', name = '', port = defaultPort } = service;
    this.service = { namespace, name, port };
  }

  get object(): Found<APIService> {
    return this.#object;
  }

  /** A later version of the same object. False: it leads elsewhere, and what is known of this one is of no use. */
  update(object: Found<APIService>): boolean {
    if (object.metadata.uid !== this.#object.metadata.uid || !leadsTo(object, this.#object)) return false;
    this.#object = object;
    return true;
  }

  get isAvailable(): boolean {
    return availableCondition(this.#object)?.status === 'True';
  }

  /** Its path, without a slash behind. */
  get path(): string {
    return this.group === '' ? `/api/${this.version}` : `/apis/${this.group}/${this.version}`;
  }

  /**
   * Whose connections believe what the APIService says to believe: its authority, for the Service's name. `clientPair`:
   * who this server is there; connections of an earlier one are not used any more.
   */
  agent(clientPair: KeyPair | undefined): https.Agent {
    if (this.#agent === undefined || this.#agent.clientPair !== clientPair) {
      this.#agent?.agent.destroy();
      this.#agent = { agent: this.#newAgent(clientPair), clientPair };
    }
    return this.#agent.agent;
  }

  #newAgent(clientPair: KeyPair | undefined): https.Agent {
    const { caBundle = '', insecureSkipTLSVerify = false } = this.#object.spec ?? {};
    const { namespace, name } = this.service;
    return new https.Agent({
      keepAlive: true,
      lookup,
      servername: `${name}.${namespace}.svc`,
      rejectUnauthorized: !insecureSkipTLSVerify,
      ...(caBundle !== '' && { ca: Buffer.from(caBundle, 'base64').toString() }),
      ...(clientPair && { cert: clientPair.certificate, key: clientPair.key }),
    });
  }

  close(): void {
    this.#agent?.agent.destroy();
  }
}

export const availableCondition = ({ status }: DeepReadonly<APIService>) =>
  status?.conditions?.find(({ type }) => type === 'Available');

function leadsTo(one: DeepReadonly<APIService>, other: DeepReadonly<APIService>): boolean {
  return equalJson(one.spec, other.spec);
}
