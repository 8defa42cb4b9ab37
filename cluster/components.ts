/** Starts the components of a cluster, each from what all of them share. The only place that knows all of them. */

import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import type { Running } from '../base/lifecycle.ts';
import type { ClusterCertificates, StoredKeyPair } from './certificates.ts';
import { type Cluster, connectionAs, dnsAddressOf, type WorkerSide } from './cluster.ts';
import {
  auditLogFile,
  auditLogLimits,
  type Component,
  defaultClusterDomain,
  isWhole,
  type UpOptions,
} from './cluster-options.ts';
import { ensureEncryptionFile } from './encryption-file.ts';
import { placeLabels } from './neighbours.ts';

/** Modules are read when their component is wanted: an API server alone should not load a kubelet. */
const starters = {
  async etcd({ options, logger }) {
    const { startEtcd } = await import('./etcd-process.ts');
    return await startEtcd({ folder: etcdFolder(options.dataDir), logger });
  },

  async apiserver({ options, certificates, nodeIp, logger }) {
    const { startApiServerOverEtcd } = await import('../apiserver/api-server-over-etcd.ts');
    const { defaultFrontProxyHeaders } = await import('../apiserver/authentication/front-proxy.ts');
    const { etcdServers, dataDir } = options;
    const servers = etcdServers.length > 0 ? etcdServers : [`unix:${join(etcdFolder(dataDir), 'client:0')}`];
    return await startApiServerOverEtcd({
      etcd: { servers, ...etcdTlsOf(servers, options, certificates) },
      bindAddress: options.bindAddress,
      securePort: options.securePort,
      serving: certificates.apiServer,
      clientCertificateAuthority: { authorityFile: certificates.authority.certificateFile },
      kubeletCertificateAuthority: { authorityFile: certificates.kubeletAuthority.certificateFile },
      serviceCidr: options.serviceCidr,
      nodePortRange: options.nodePortRange,
      advertiseAddress: nodeIp,
      kubeletClient: certificates.kubeletClient,
      proxyClient: certificates.frontProxyClient,
      authentication: {
        frontProxy: {
          authority: { authorityFile: certificates.frontProxyAuthority.certificateFile },
          allowedNames: ['front-proxy-client'],
          headers: defaultFrontProxyHeaders,
        },
      },
      encryption: {
        configFile: options.encryptionProviderConfig ?? (await ensureEncryptionFile(dataDir)),
        acceptUnreadable: options.acceptUnreadableSecrets,
      },
      authorization: { configurationFile: options.authorizationConfig },
      enabledAdmissionPlugins: options.admission?.enabled,
      disabledAdmissionPlugins: options.admission?.disabled,
      admissionConfigurations: await admissionConfigurations(options.admission?.configFile),
      runtimeConfig: options.runtimeConfig,
      // A server without the rest of a control plane has no nodes to ask.
      resourceMetrics: options.only.has('controller-manager'),
      audit: { log: { path: join(dataDir, auditLogFile), ...auditLogLimits } },
      logger: logger.child({ component: 'apiserver' }),
    });
  },

  async 'controller-manager'(cluster) {
    const { startControllerManager } = await import('../controller-manager/controller-manager.ts');
    return await startControllerManager({
      ...clientOf(cluster, 'controller-manager', cluster.certificates.controllerManager),
      leaderElect: !isAlone(cluster),
      identity: cluster.nodeName,
      clusterCidr: cluster.options.clusterCidr,
      rootAuthority: { authorityFile: cluster.certificates.authority.certificateFile },
      signing: {
        authority: cluster.certificates.authority,
        kubeletServing: cluster.certificates.kubeletAuthority,
        durationMs: cluster.options.certificateLifeMs,
      },
    });
  },

  async scheduler(cluster) {
    const { startScheduler } = await import('../scheduler/scheduler.ts');
    const configuration = await schedulerConfiguration(cluster.options.schedulerConfig);
    return await startScheduler({
      ...clientOf(cluster, 'scheduler', cluster.certificates.scheduler),
      leaderElect: configuration?.leaderElection.leaderElect ?? !isAlone(cluster),
      identity: cluster.nodeName,
      ...(configuration && { configuration }),
    });
  },

  async kubelet(cluster: WorkerSide) {
    const { startKubelet } = await import('../kubelet/kubelet.ts');
    const { createManifestSources } = await import('../kubelet/static-pods/manifest-sources.ts');
    const { DockerRuntime } = await import('../kubelet/runtime/docker/docker-runtime.ts');
    const { Logind } = await import('../kubelet/shutdown/logind.ts');
    const { options, certificates, nodeName, nodeIp } = cluster;
    const { shutdownPeriods, ...settings } = await kubeletSettings(options);
    const client = clientOf(cluster, 'kubelet', certificates.kubelet);
    return await startKubelet({
      ...client,
      nodeName,
      nodeIp,
      dataDir: join(options.dataDir, 'kubelet'),
      pluginRoot: '/var/lib/kubelet',
      runtime: new DockerRuntime({
        nodeName,
        logger: client.logger,
        socketPath: dockerSocket(),
        networkName: options.networkName,
        networkLabels: computePlaceLabels(options),
        logRotation: settings.logRotation,
      }),
      serving: certificates.kubeletServing,
      clientCertificateAuthority: { authorityFile: certificates.authority.certificateFile },
      port: options.kubeletPort,
      clusterDns: [dnsAddressOf(options.serviceCidr) ?? []].flat(),
      clusterDomain: options.clusterDomain ?? defaultClusterDomain,
      resolvConf: options.resolvConf,
      ...settings,
      manifests: createManifestSources({ path: options.podManifestPath, nodeName, clock: systemClock }),
      shutdown: { source: new Logind(), periods: shutdownPeriods },
      ...(options.cgroupsPerQos !== undefined && { cgroupsPerQos: options.cgroupsPerQos }),
    });
  },

  async proxy(cluster: WorkerSide) {
    const { startProxy } = await import('../proxy/proxy.ts');
    return await startProxy({
      ...clientOf(cluster, 'proxy', cluster.certificates.proxy),
      nodeName: cluster.nodeName,
      nodeConnection: connectionAs(cluster, cluster.certificates.kubelet),
      clusterCidr: cluster.options.clusterCidr,
      table: cluster.options.networkName,
      mode: cluster.options.proxyMode,
      dns: await dnsOptions(cluster.options),
    });
  },

  async ingress(cluster) {
    const { startIngressComponent } = await import('./ingress-component.ts');
    return await startIngressComponent({
      ...clientOf(cluster, 'ingress', cluster.certificates.ingress),
      nodeName: cluster.nodeName,
      nodeIp: cluster.nodeIp,
      flags: cluster.options.ingress ?? {},
    });
  },
} satisfies Record<Component, (cluster: Cluster) => Promise<Running>>;

/** What every component is given that talks to the API server. */
function clientOf(cluster: WorkerSide, component: Component, user: StoredKeyPair) {
  return { connection: connectionAs(cluster, user), logger: cluster.logger.child({ component }) };
}

export function startComponent(component: Component, cluster: Cluster): Promise<Running> {
  return starters[component](cluster);
}

/** On a host without the rest. */
export function startOnWorker(component: 'kubelet' | 'proxy', worker: WorkerSide): Promise<Running> {
  return starters[component](worker);
}

/** Throws `UserError` when what was given cannot be meant. */
export async function dnsOptions({ clusterDomain = defaultClusterDomain, dns, resolvConf }: WorkerSide['options']) {
  const { parseDnsFlags } = await import('../proxy/dns/dns-flags.ts');
  return parseDnsFlags({ domain: clusterDomain, upstreams: [], stubDomains: [], ...dns, resolvConf });
}

/** Throws `UserError` when what was given cannot be meant. */
export async function kubeletSettings({ kubelet }: Pick<UpOptions, 'kubelet'>) {
  const { parseKubeletFlags } = await import('../kubelet/kubelet-settings.ts');
  return parseKubeletFlags(kubelet);
}

function computePlaceLabels({
  dataDir,
  clusterCidr,
  serviceCidr,
  nodePortRange: { first, last },
}: WorkerSide['options']) {
  return {
    [placeLabels.dataDir]: dataDir,
    [placeLabels.clusterCidr]: clusterCidr,
    [placeLabels.serviceCidr]: serviceCidr,
    [placeLabels.nodePorts]: `${first}-${last}`,
  };
}

/** A cluster that has its etcd and all components in this process: no other process can be leading. */
const isAlone = ({ options }: Cluster): boolean => options.etcdServers.length === 0 && isWhole(options.only);

/** For members on the network: what the cluster's own authority of etcd has signed, unless files are named. */
function etcdTlsOf(servers: readonly string[], { etcdFiles = {} }: UpOptions, certificates: ClusterCertificates) {
  if (!servers.some((server) => server.startsWith('https:'))) return {};
  const { authority = certificates.etcdAuthority.certificateFile, client = certificates.etcdClient } = etcdFiles;
  return { tls: { authority: { authorityFile: authority }, client } };
}

async function admissionConfigurations(file: string | undefined) {
  if (file === undefined) return undefined;
  const { readAdmissionConfiguration } = await import('../apiserver/admission/admission-configuration.ts');
  return await readAdmissionConfiguration(file);
}

async function schedulerConfiguration(file: string | undefined) {
  if (file === undefined) return undefined;
  const { readSchedulerConfiguration } = await import('../scheduler/scheduler-configuration.ts');
  return await readSchedulerConfiguration(file);
}

const etcdFolder = (dataDir: string): string => join(dataDir, 'etcd');

/** The engine of this machine: DOCKER_HOST when it is a unix socket, else Docker's own default. */
export function dockerSocket(environment: NodeJS.ProcessEnv = process.env): string {
  const host = environment.DOCKER_HOST ?? '';
  return host.startsWith('unix://') ? host.slice('unix://'.length) : '/var/run/docker.sock';
}
