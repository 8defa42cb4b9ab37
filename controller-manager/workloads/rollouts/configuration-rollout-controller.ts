/**
 * Rolls a workload whose pods read a ConfigMap or Secret that has changed, when its annotation asks for that. An addition
 * of Longshore.
 *
 * Invariants:
 * - What the pods were started with is noted on the workload, so that a change is seen also when nobody looked at it.
 * - The first look only notes; so does one after somebody removed the note.
 * - While something that the pods need is missing nothing rolls: new pods could not start.
 */

import type { KubernetesObject } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import { daemonSets, deployments, statefulSets } from '../../../api/resources/apps.ts';
import { configMaps, secrets } from '../../../api/resources/core.ts';
import { isInvalid } from '../../../api/status-error.ts';
import type { DaemonSet, Deployment, StatefulSet } from '../../../api/types/apps/v1.ts';
import type { ConfigMap, Secret } from '../../../api/types/core/v1.ts';
import { errorText } from '../../../base/error-text.ts';
import type { Client } from '../../../client/client.ts';
import { type Controller, objectOfChange } from '../../../client/controller.ts';
import type { Recorder } from '../../../client/event-recorder.ts';
import { ifPresent } from '../../../client/if-present.ts';
import type { Cached, ObjectCache, ObjectChange } from '../../../client/object-cache.ts';
import { type Reconciler, type Result, TerminalError } from '../../../client/reconciler.ts';
import type { ControllerContext } from '../../controller-context.ts';
import { seenConfigurationAnnotation } from '../deployments/set-history.ts';
import {
  type ConfigurationReference,
  changedSince,
  configurationReferences,
  type Fingerprints,
  fingerprintsOf,
  parseFingerprints,
} from './configuration-references.ts';

/** On a workload: it rolls when its configuration changes. */
export const rollOnChangeAnnotation = 'longshore.dev/roll-on-configuration-change';
/** On its pods: what of their configuration changed last. It makes the template another one. */
export const configurationAnnotation = 'longshore.dev/configuration';

type Workload = Deployment | StatefulSet | DaemonSet;

interface Watched {
  readonly resource: Resource;
  get(key: string): Cached<Workload> | undefined;
  list(namespace: string | undefined): Iterable<Cached<Workload>>;
}

interface Sources {
  readonly client: Client;
  readonly recorder: Recorder;
  readonly watched: readonly Watched[];
  readonly configMaps: ObjectCache<ConfigMap>;
  readonly secrets: ObjectCache<Secret>;
}

export function createConfigurationRolloutController(context: ControllerContext): Controller {
  const { client, informers, events } = context;
  const kinds = {
    deployments: informers.of(deployments),
    statefulSets: informers.of(statefulSets),
    daemonSets: informers.of(daemonSets),
  };
  const held = { configMaps: informers.of(configMaps), secrets: informers.of(secrets) };
  const watched = [
    watchedKind(deployments, kinds.deployments),
    watchedKind(statefulSets, kinds.statefulSets),
    watchedKind(daemonSets, kinds.daemonSets),
  ];
  const recorder = events.from('configuration-rollout-controller');
  const reconciler = new ConfigurationReconciler({ client, recorder, watched, ...held });
  return context
    .controller({ reconciler })
    .watch(kinds.deployments, (change) => keysOfWorkload(deployments, change))
    .watch(kinds.statefulSets, (change) => keysOfWorkload(statefulSets, change))
    .watch(kinds.daemonSets, (change) => keysOfWorkload(daemonSets, change))
    .watch(held.configMaps, (change) => keysOfReaders('configmap', objectOfChange(change), watched))
    .watch(held.secrets, (change) => keysOfReaders('secret', objectOfChange(change), watched));
}

const watchedKind = <T extends Workload>(resource: Resource<T>, cache: ObjectCache<T>): Watched => ({
  resource,
  get: (key) => cache.get(key),
  list: (namespace) => cache.list(namespace),
});

const isAsked = ({ metadata }: Cached<Workload>): boolean =>
  metadata.annotations?.[rollOnChangeAnnotation] === 'true' && metadata.deletionTimestamp === undefined;

/** `deployments/shop/web`. */
const keyIn = ({ plural }: Resource, { metadata }: Cached<KubernetesObject>): string =>
  `${plural}/${metadata.namespace}/${metadata.name}`;

function keysOfWorkload<T extends Workload>(resource: Resource<T>, { next }: ObjectChange<T>): string[] {
  return next !== undefined && isAsked(next) ? [keyIn(resource, next)] : [];
}

function keysOfReaders(
  kind: ConfigurationReference['kind'],
  { metadata }: Cached<KubernetesObject>,
  watched: readonly Watched[],
): string[] {
  return watched.flatMap(({ resource, list }) =>
    [...list(metadata.namespace)]
      .filter((workload) => isAsked(workload) && reads(workload, kind, metadata.name))
      .map((workload) => keyIn(resource, workload)),
  );
}

const reads = ({ spec }: Cached<Workload>, kind: string, name: string): boolean =>
  configurationReferences(spec?.template?.spec).some((reference) => reference.kind === kind && reference.name === name);

class ConfigurationReconciler implements Reconciler {
  readonly #sources: Sources;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  async reconcile(key: string): Promise<Result> {
    const [plural, ...rest] = key.split('/');
    const kind = this.#sources.watched.find(({ resource }) => resource.plural === plural);
    const workload = kind?.get(rest.join('/'));
    if (kind === undefined || workload === undefined || !isAsked(workload)) return {};
    const now = this.#look(workload);
    const text = workload.metadata.annotations?.[seenConfigurationAnnotation];
    if (now === undefined || JSON.stringify(now) === text) return {};
    const changed = changedSince(parseFingerprints(text) ?? {}, now);
    await this.#tellingRefusal(workload, () =>
      this.#write(kind.resource, workload, { now, rolls: changed.length > 0 }),
    );
    if (changed.length > 0) {
      const message = `Rolling, because ${changed.join(', ')} has changed`;
      this.#sources.recorder.record(workload, { type: 'Normal', reason: 'ConfigurationChanged', message });
    }
    return {};
  }

  /** What makes no valid object, as a note of thousands of references, will make none before the workload changes. */
  async #tellingRefusal(workload: Cached<Workload>, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!isInvalid(error)) throw error;
      const message = `What its pods read cannot be noted, so it does not roll when that changes: ${errorText(error)}`;
      this.#sources.recorder.record(workload, { type: 'Warning', reason: 'ConfigurationNotNoted', message });
      throw new TerminalError(message, { cause: error });
    }
  }

  #look({ metadata, spec }: Cached<Workload>): Fingerprints | undefined {
    const { configMaps: maps, secrets: hidden } = this.#sources;
    return fingerprintsOf(configurationReferences(spec?.template?.spec), ({ kind, name }) => {
      const key = `${metadata.namespace}/${name}`;
      if (kind === 'secret') return hidden.get(key);
      return maps.get(key);
    });
  }

  async #write(
    resource: Resource,
    { metadata }: Cached<Workload>,
    { now, rolls }: { readonly now: Fingerprints; readonly rolls: boolean },
  ): Promise<void> {
    const text = JSON.stringify(now);
    const { namespace, name, resourceVersion } = metadata;
    const body = {
      metadata: { resourceVersion, annotations: { [seenConfigurationAnnotation]: text } },
      ...(rolls && { spec: { template: { metadata: { annotations: { [configurationAnnotation]: text } } } } }),
    };
    await ifPresent(this.#sources.client.patch(resource, { namespace, name }, { type: 'merge', body }));
  }
}
