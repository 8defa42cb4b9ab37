/** What `debug` makes: an ephemeral container, a copy of a pod, a pod on a node. Pure. */

import type { Stored } from '../../../api/object.ts';
import type { Container, EphemeralContainer, Pod, PodSpec } from '../../../api/types/core/v1.ts';
import { UserError } from '../../../base/user-error.ts';
import {
  nodeAccess,
  nodeSecurityContexts,
  type Profile,
  securityContexts,
  seesNodeFiles,
  sharesProcesses,
} from './profiles.ts';

/** What was asked for. */
export interface DebugContainer {
  /** Undefined: `debugger-` and a suffix. */
  readonly name?: string | undefined;
  readonly image?: string | undefined;
  readonly imagePullPolicy?: string | undefined;
  readonly command: readonly string[];
  /** `command` is only what the image's own command gets. */
  readonly argumentsOnly: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly profile: Profile;
}

export interface DebugCopy extends DebugContainer {
  readonly to: string;
  /** By container, or `*`. */
  readonly images: Readonly<Record<string, string>>;
  /** Undefined: as the profile has it. */
  readonly shareProcesses?: boolean | undefined;
  readonly sameNode: boolean;
  readonly keep: Readonly<Record<'labels' | 'annotations' | 'liveness' | 'readiness' | 'startup' | 'init', boolean>>;
}

/** The fields that were asked for, of a container that may be there already. */
function fieldsOf(wanted: DebugContainer): Partial<Container> {
  const { command, argumentsOnly, env, image, imagePullPolicy, stdin, tty } = wanted;
  const variables = Object.entries(env).map(([name, value]) => ({ name, value }));
  return {
    ...(command.length > 0 && (argumentsOnly ? { args: [...command] } : { command: [...command], args: [] })),
    ...(variables.length > 0 && { env: variables }),
    ...(image !== undefined && { image }),
    ...(imagePullPolicy !== undefined && { imagePullPolicy }),
    stdin,
    tty,
  };
}

function newContainer(name: string, wanted: DebugContainer, contexts = securityContexts): Container {
  const { args, ...fields } = fieldsOf(wanted);
  const securityContext = contexts[wanted.profile];
  return {
    name,
    terminationMessagePolicy: 'FallbackToLogsOnError',
    ...fields,
    ...(args !== undefined && args.length > 0 && { args }),
    ...(securityContext !== undefined && { securityContext }),
  };
}

export function ephemeralContainer(
  name: string,
  wanted: DebugContainer,
  targetContainerName?: string,
): EphemeralContainer {
  return { ...newContainer(name, wanted), ...(targetContainerName !== undefined && { targetContainerName }) };
}

/** The copy, and the container to go on with; undefined when only images were changed. Throws UserError. */
export function copyOf(
  original: Stored<Pod>,
  wanted: DebugCopy,
  newName: string,
): { readonly pod: Pod; readonly container: string | undefined } {
  const { labels, annotations, namespace } = original.metadata;
  const { keep } = wanted;
  const spec = copiedSpec(original.spec ?? { containers: [] }, wanted);
  const there = spec.containers.find(({ name }) => name === wanted.name);
  const metadata = {
    name: wanted.to,
    ...(namespace !== undefined && { namespace }),
    ...(keep.labels && labels && { labels }),
    ...(keep.annotations && annotations && { annotations }),
  };
  if (there !== undefined) {
    const containers = spec.containers.map((one) => (one === there ? { ...one, ...fieldsOf(wanted) } : one));
    return { pod: { metadata, spec: { ...spec, containers } }, container: there.name };
  }
  if (wanted.image === undefined) {
    if (Object.keys(wanted.images).length > 0) return { pod: { metadata, spec }, container: undefined };
    throw new UserError('error: you must specify image when creating new container');
  }
  const name = wanted.name ?? newName;
  const containers = [...spec.containers, newContainer(name, wanted)];
  return { pod: { metadata, spec: { ...spec, containers } }, container: name };
}

function copiedSpec(original: PodSpec, { images, keep, sameNode, shareProcesses, profile }: DebugCopy): PodSpec {
  const { ephemeralContainers: _, nodeName, initContainers = [], containers, ...rest } = original;
  const copied = (container: Container): Container => {
    const { livenessProbe, readinessProbe, startupProbe, ...others } = container;
    const image = images[container.name] ?? images['*'];
    return {
      ...others,
      ...(keep.liveness && livenessProbe && { livenessProbe }),
      ...(keep.readiness && readinessProbe && { readinessProbe }),
      ...(keep.startup && startupProbe && { startupProbe }),
      ...(image !== undefined && { image }),
    };
  };
  const shared = shareProcesses ?? sharesProcesses(profile);
  return {
    ...rest,
    containers: containers.map(copied),
    ...(keep.init && initContainers.length > 0 && { initContainers: initContainers.map(copied) }),
    ...(sameNode && nodeName !== undefined && { nodeName }),
    ...(shared || rest.shareProcessNamespace !== undefined ? { shareProcessNamespace: shared } : {}),
  };
}

/** Runs on the node whatever its taints, and ends with its container. */
export function nodePod(
  { nodeName, name, namespace }: { readonly nodeName: string; readonly name: string; readonly namespace: string },
  wanted: DebugContainer,
): Pod {
  const container = newContainer(wanted.name ?? 'debugger', wanted, nodeSecurityContexts);
  const files = seesNodeFiles(wanted.profile);
  return {
    metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'kubecfg-debug' } },
    spec: {
      nodeName,
      restartPolicy: 'Never',
      tolerations: [{ operator: 'Exists' }],
      ...nodeAccess(wanted.profile),
      containers: [files ? { ...container, volumeMounts: [{ name: 'host-root', mountPath: '/host' }] } : container],
      ...(files && { volumes: [{ name: 'host-root', hostPath: { path: '/' } }] }),
    },
  };
}
