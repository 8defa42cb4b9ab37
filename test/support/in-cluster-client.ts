/**
 * The official JavaScript client as it is used in a pod: it finds the API server, its certificate and its token where
 * every pod has them. Node and the client are this machine's own, shown to the pod read-only.
 */

import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pods } from '../../api/resources/core.ts';
import { packageRoot } from '../../base/package-root.ts';
import { eventually } from './eventually.ts';
import { type LocalCluster, runProgram } from './local-cluster.ts';

const key = { namespace: 'default', name: 'in-cluster' };
const host = '/host';

/**
 * Says as JSON who the pod is to the API server, and the names of the pods of its namespace, or the code with which it is
 * refused to list them. `k8s`, `kc`: the client, and its configuration of this pod.
 */
export const inClusterScript = `
  const review = await kc.makeApiClient(k8s.AuthenticationV1Api).createSelfSubjectReview({
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  });
  const { username, extra } = review.status.userInfo;
  const { server } = kc.getCurrentCluster();
  const { namespace } = kc.getContextObject(kc.getCurrentContext());
  const core = kc.makeApiClient(k8s.CoreV1Api);
  const list = () => core.listNamespacedPod({ namespace }).then(({ items }) => items.map(({ metadata }) => metadata.name));
  const pods = await list().catch(({ code }) => code);
  const secrets = await core.listNamespacedSecret({ namespace }).then(() => 200, ({ code }) => code);
  const pod = extra['authentication.kubernetes.io/pod-name'];
  console.log(JSON.stringify({ user: username, pod, server, namespace, pods, secrets }));
`;

/** What the script writes in a pod of the default account. Throws with what it complains of. */
export async function outputOfClient(cluster: LocalCluster, script: string): Promise<string> {
  const { client } = cluster;
  const node = await realpath(process.execPath);
  const named = (await runProgram('ldd', [node])).matchAll(/\/\S+/g);
  // Links may lead to where the pod has nothing.
  const libraries = await Promise.all([...named].map(([path]) => realpath(path)));
  const loader = libraries.find((path) => path.includes('/ld-')) ?? '';
  const folders = [...new Set(libraries.map((path) => `${host}${dirname(path)}`))].join(':');
  const program = `
    import * as k8s from '${host}${packageRoot}/node_modules/@kubernetes/client-node/dist/index.js';
    const kc = new k8s.KubeConfig();
    kc.loadFromCluster();
    ${script}`;
  const command = [
    `${host}${loader}`,
    '--library-path',
    folders,
    `${host}${node}`,
    '--input-type=module',
    '-e',
    program,
  ];
  await client.create(pods, {
    metadata: key,
    spec: {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'client',
          image: 'localhost:5000/longshore/busybox:1',
          command,
          volumeMounts: [{ name: 'host', mountPath: host, readOnly: true }],
        },
      ],
      volumes: [{ name: 'host', hostPath: { path: '/' } }],
    },
  });
  const isOver = async () => {
    const { status } = await client.get(pods, key);
    return status?.phase === 'Succeeded' || status?.phase === 'Failed' ? status : undefined;
  };
  try {
    const status = await eventually('the client in the pod is done', isOver, { timeoutMs: 60_000 });
    const output = await cluster.kubecfg('logs', key.name);
    if (status.phase !== 'Succeeded')
      throw new Error(`the client in the pod failed: ${output}${JSON.stringify(status)}`);
    return output;
  } finally {
    await client.delete(pods, key);
  }
}
