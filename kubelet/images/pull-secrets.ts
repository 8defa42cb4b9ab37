/** Credentials for registries, from the pod's imagePullSecrets. */

import type { Recorder } from '../../client/event-recorder.ts';
import { eventSubject } from '../model/event-subject.ts';
import type { PodObject } from '../model/pod.ts';
import type { ReferencedData } from '../references/referenced-data.ts';
import type { RegistryCredentials } from '../runtime/runtime.ts';
import { defaultRegistry, parseImageName } from './image-name.ts';

interface DockerConfig {
  readonly auths?: Readonly<Record<string, DockerAuth>>;
}

interface DockerAuth {
  readonly username?: string;
  readonly password?: string;
  /** Base64 of `username:password`. */
  readonly auth?: string;
}

export class PullSecrets {
  readonly #data: Pick<ReferencedData, 'secret'>;
  readonly #recorder: Recorder;

  constructor(data: Pick<ReferencedData, 'secret'>, recorder: Recorder) {
    this.#data = data;
    this.#recorder = recorder;
  }

  /** A secret that is missing is told, and the pull is tried without it. */
  async credentialsFor(pod: PodObject, image: string): Promise<RegistryCredentials | undefined> {
    const parsed = parseImageName(image);
    const registry = 'registry' in parsed ? parsed.registry : defaultRegistry;
    const missing: string[] = [];
    let found: RegistryCredentials | undefined;
    for (const { name = '' } of pod.spec?.imagePullSecrets ?? []) {
      try {
        const data = await this.#data.secret(pod.metadata.namespace ?? '', name);
        found ??= readCredentials(data, registry);
      } catch {
        missing.push(name); // whatever the reason, users are told below
      }
    }
    if (missing.length > 0) {
      const message = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`;
      this.#recorder.record(eventSubject(pod), { type: 'Warning', reason: 'FailedToRetrieveImagePullSecret', message });
    }
    return found;
  }
}

function readCredentials(data: ReadonlyMap<string, Buffer>, registry: string): RegistryCredentials | undefined {
  const modern = data.get('.dockerconfigjson');
  const old = data.get('.dockercfg');
  const text = (modern ?? old)?.toString();
  if (text === undefined) return undefined;
  const parsed = JSON.parse(text) as DockerConfig & Readonly<Record<string, DockerAuth>>;
  const auths: Readonly<Record<string, DockerAuth>> = (modern ? parsed.auths : parsed) ?? {};
  const entry = Object.entries(auths).find(([server]) => hostOf(server) === hostOf(registry))?.[1];
  if (entry === undefined) return undefined;
  const [username = '', ...rest] = Buffer.from(entry.auth ?? '', 'base64')
    .toString()
    .split(':');
  return { username: entry.username ?? username, password: entry.password ?? rest.join(':') };
}

/** Docker's own registry goes by several names. */
function hostOf(server: string): string {
  const host = server.replace(/^https?:\/\//, '').split('/')[0] ?? '';
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? defaultRegistry : host;
}
