/** The API server as a process of its own. */

import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { createLogger } from '../base/logger.ts';
import { type ApiServerOptions, startApiServer } from './api-server.ts';
import { EtcdStore } from './store/etcd-store.ts';

/** V8 lets a heap grow to several times what is in use before it collects; a third less memory is worth a little time. */
const heapGrowingPercent = 100;

async function main(): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${heapGrowingPercent}`);
  const flags = await parseFlags();
  const logger = createLogger('apiserver', { level: flags.logLevel, format: flags.logFormat });
  const store = new EtcdStore({ servers: flags.etcdServers.map(String), ...(await readEtcdTls(flags)), logger });
  const server = await startApiServer({ ...(await readOptions(flags)), store, logger });
  logger.info('serving', { url: server.url });
  const stop = () => void server.stop();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  await server.done;
  await store.close();
}

type Flags = Awaited<ReturnType<typeof parseFlags>>;

function parseFlags() {
  return yargs(hideBin(process.argv))
    .usage('$0: serves the API over etcd')
    .config('config', 'A YAML or JSON file with the same names as these flags')
    .options({
      'etcd-servers': { type: 'array', string: true, demandOption: true, describe: 'URLs of the etcd members' },
      'etcd-cafile': { type: 'string', describe: "Signs the etcd members' certificates" },
      'etcd-certfile': { type: 'string', describe: 'Our certificate for etcd' },
      'etcd-keyfile': { type: 'string', describe: 'Its key' },
      'bind-address': { type: 'string', default: '0.0.0.0' },
      'secure-port': { type: 'number', default: 6443 },
      'advertise-address': { type: 'string', demandOption: true, describe: 'Under which clients and pods reach us' },
      'tls-cert-file': { type: 'string', demandOption: true },
      'tls-private-key-file': { type: 'string', demandOption: true },
      'client-ca-file': { type: 'string', demandOption: true, describe: 'Signs client certificates' },
      'kubelet-client-certificate': { type: 'string' },
      'kubelet-client-key': { type: 'string' },
      'service-cluster-ip-range': { type: 'string', default: '10.96.0.0/16' },
      'service-node-port-range': { type: 'string', default: '30000-32767' },
      'log-level': { choices: ['debug', 'info', 'warn', 'error', 'silent'] as const, default: 'info' as const },
      'log-format': { choices: ['text', 'json'] as const, default: 'text' as const },
    })
    .strict()
    .parseAsync();
}

async function readOptions(flags: Flags): Promise<Omit<ApiServerOptions, 'store' | 'logger'>> {
  return {
    bindAddress: flags.bindAddress,
    securePort: flags.securePort,
    advertiseAddress: flags.advertiseAddress,
    serving: { certificate: await read(flags.tlsCertFile), key: await read(flags.tlsPrivateKeyFile) },
    clientCertificateAuthority: await read(flags.clientCaFile),
    serviceCidr: flags.serviceClusterIpRange,
    nodePortRange: parsePortRange(flags.serviceNodePortRange),
    ...(flags.kubeletClientCertificate &&
      flags.kubeletClientKey && {
        kubeletClient: {
          certificate: await read(flags.kubeletClientCertificate),
          key: await read(flags.kubeletClientKey),
        },
      }),
  };
}

async function readEtcdTls(flags: Flags) {
  if (flags.etcdCafile === undefined) return {};
  return {
    tls: {
      certificateAuthority: await read(flags.etcdCafile),
      clientCertificate: flags.etcdCertfile && (await read(flags.etcdCertfile)),
      clientKey: flags.etcdKeyfile && (await read(flags.etcdKeyfile)),
    },
  };
}

const read = (file: string): Promise<string> => readFile(file, 'utf8');

function parsePortRange(text: string): { first: number; last: number } {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (first === undefined || last === undefined || Number(first) > Number(last)) {
    throw new Error(`--service-node-port-range ${text}: must be like 30000-32767`);
  }
  return { first: Number(first), last: Number(last) };
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
