/** `/runningpods`: what of pods really runs, as the runtime says it, in as many words as it knows. Pure. */

import type { ObservedPod } from '../model/pod.ts';

export function runningPodList(pods: readonly ObservedPod[]): object {
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: pods.flatMap(runningPod) };
}

function runningPod({ sandboxes, containers }: ObservedPod): object[] {
  const sandbox = sandboxes.find(({ running }) => running);
  const running = containers.filter(({ status }) => status.type === 'running');
  const identity = sandbox?.pod ?? running[0]?.pod;
  if (identity === undefined) return [];
  const { name, namespace, uid } = identity;
  return [
    {
      metadata: { name, namespace, uid },
      spec: { containers: running.map(({ name: container, imageName }) => ({ name: container, image: imageName })) },
      status: {},
    },
  ];
}
