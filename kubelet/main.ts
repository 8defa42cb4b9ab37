/** The kubelet as a process of its own. */

import '../base/small-heap.ts';
import { hostname } from 'node:os';
import { runComponentProcess } from '../base/component-process.ts';
import { readKubeconfig } from '../client/kubeconfig.ts';
import { startKubelet } from './kubelet.ts';
import { DockerRuntime } from './runtime/docker/docker-runtime.ts';

const text = { type: 'string' } as const;

await runComponentProcess({
  name: 'kubelet',
  describe: 'Makes the pods of this node run, in Docker',
  healthPort: 10248,
  flags: {
    kubeconfig: { ...text, demandOption: true, describe: 'How to reach the API servers' },
    'node-name': { ...text, default: hostname().toLowerCase(), describe: 'The node this is' },
    'node-ip': { ...text, demandOption: true, describe: 'The address by which other nodes reach this one' },
    'data-dir': { ...text, default: '/var/lib/longshore/kubelet', describe: 'Volumes and other files of pods' },
    'docker-socket': { ...text, default: '/var/run/docker.sock', describe: 'Where the engine listens' },
    'docker-network': { ...text, default: 'longshore', describe: "Name of the pods' network in Docker" },
    'infra-image': { ...text, describe: "Holds a pod's network instead of Longshore's own program" },
    'tls-cert-file': { ...text, demandOption: true, describe: "Certificate of the kubelet's server" },
    'tls-private-key-file': { ...text, demandOption: true, describe: 'Its key' },
    'client-ca-file': { ...text, demandOption: true, describe: 'Authority of those who may call the server' },
    port: { type: 'number', default: 10250, describe: "Port of the kubelet's server" },
    'cluster-dns': { ...text, array: true, describe: "Addresses of the cluster's DNS" },
    'pod-max-pids': {
      type: 'number',
      describe:
        'Processes and threads that each container may have; -1: no limit; default: 4096, less on small machines',
    },
    'allowed-unsafe-sysctls': {
      ...text,
      array: true,
      describe: 'Kernel settings that pods may change beside the safe ones; * at the end stands for any end',
    },
    'cluster-domain': { ...text, default: 'cluster.local', describe: "The cluster's domain" },
  },
  async start(flags, { logger, metrics }) {
    const nodeName = flags['node-name'];
    const infraImage = flags['infra-image'];
    return await startKubelet({
      connection: await readKubeconfig(flags.kubeconfig),
      logger,
      metrics,
      nodeName,
      nodeIp: flags['node-ip'],
      dataDir: flags['data-dir'],
      runtime: new DockerRuntime({
        nodeName,
        logger,
        socketPath: flags['docker-socket'],
        networkName: flags['docker-network'],
        ...(infraImage !== undefined && { infraImage }),
      }),
      serving: { certificateFile: flags['tls-cert-file'], keyFile: flags['tls-private-key-file'] },
      clientCertificateAuthority: { authorityFile: flags['client-ca-file'] },
      port: flags.port,
      clusterDns: (flags['cluster-dns'] ?? []).map(String),
      clusterDomain: flags['cluster-domain'],
      ...(flags['pod-max-pids'] !== undefined && { podMaxPids: flags['pod-max-pids'] }),
      allowedUnsafeSysctls: (flags['allowed-unsafe-sysctls'] ?? []).flatMap((one) => String(one).split(',')),
    });
  },
});
