/** A whole cluster with pods to talk to: what every client's streams are tried on. */

import { pods, services } from '../../../api/resources/core.ts';
import type { Pod, Service } from '../../../api/types/core/v1.ts';
import { importSleeper } from '../../support/engine-state.ts';
import { eventually } from '../../support/eventually.ts';
import { LocalCluster } from '../../support/local-cluster.ts';

export const namespace = 'default';
export const image = 'longshore-test/streams:1';
/** What port 8080 of the pod `streams` gives for `/big`, in bytes. */
export const bigFileSize = 8 * 1024 * 1024;

/**
 * Talks all the time, echoes what it hears, and serves: 8080 HTTP, with a big file; 8081 HTTP, in another voice; 8082 on
 * loopback only; 8083 the checksum of what it is sent, once the sender has ended.
 */
const program = `
  /bin/busybox --install -s /bin
  mkdir -p /www/a /www/b /tmp
  echo "I am $HOSTNAME" >/www/a/index.html
  echo "another port" >/www/b/index.html
  head -c ${bigFileSize} /dev/urandom >/www/a/big
  httpd -p 8080 -h /www/a
  httpd -p 8081 -h /www/b
  httpd -p 127.0.0.1:8082 -h /www/b
  nc -ll -p 8083 -e md5sum &
  (i=0; while :; do i=$((i+1)); echo "tick $i"; sleep 0.3; done) &
  while read line; do echo "heard $line"; echo "noted $line" >&2; done
  wait`;

/** Says the size of its terminal whenever it hears a line. */
const terminalProgram = `
  /bin/busybox --install -s /bin
  while read line; do echo "heard $line at $(stty size)"; done`;

/** Waits for a file, then says the end of its output. */
const endingProgram = `
  /bin/busybox --install -s /bin
  echo first
  until [ -e /go ]; do sleep 0.1; done
  echo last; echo complaint >&2
  exit 3`;

interface Container {
  readonly script: string;
  readonly tty?: boolean;
  readonly restartPolicy?: string;
}

const talking = (name: string, { script, tty = false, restartPolicy = 'Never' }: Container): Pod => ({
  metadata: { name, namespace, labels: { app: name } },
  spec: {
    terminationGracePeriodSeconds: 0,
    restartPolicy,
    containers: [{ name: 'c', image, stdin: true, tty, command: ['/bin/busybox', 'sh', '-c', script] }],
  },
});

export class StreamingCluster {
  readonly cluster: LocalCluster;

  private constructor(cluster: LocalCluster) {
    this.cluster = cluster;
  }

  /** With the pods `streams` (and a Service before it) and `terminal`, running, and `failing`, which begins anew. */
  static async start(): Promise<StreamingCluster> {
    await importSleeper(image);
    const one = new StreamingCluster(await LocalCluster.start({ flags: ['--no-demo'] }));
    await one.cluster.client.create<Pod>(pods, talking('streams', { script: program }));
    await one.cluster.client.create<Pod>(pods, talking('terminal', { script: terminalProgram, tty: true }));
    await one.cluster.client.create<Pod>(
      pods,
      talking('failing', { script: 'echo attempted; exit 1', restartPolicy: 'OnFailure' }),
    );
    await one.cluster.client.create<Service>(services, {
      metadata: { name: 'streams', namespace },
      spec: { selector: { app: 'streams' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    await one.untilPhase('terminal', 'Running');
    await one.untilSaid('streams', 'tick 1\n');
    return one;
  }

  get kubeconfig(): string {
    return this.cluster.kubeconfig;
  }

  /** A pod that ends, with code 3, once a file `/go` is in its container. Its log: first, last, complaint. */
  async createEnding(name: string): Promise<void> {
    await this.cluster.client.create<Pod>(pods, talking(name, { script: endingProgram }));
    await this.untilSaid(name, 'first\n');
  }

  async read(name: string): Promise<Pod> {
    return await this.cluster.client.get<Pod>(pods, { namespace, name });
  }

  /** A pod that runs may not have its programs yet: it says so when it has. */
  async untilSaid(name: string, words: string): Promise<void> {
    await this.untilPhase(name, 'Running');
    await eventually(`pod ${name} says ${words}`, async () => {
      const { text } = await this.cluster.client.raw('GET', `/api/v1/namespaces/${namespace}/pods/${name}/log`);
      return text.includes(words);
    });
  }

  async untilPhase(name: string, phase: string): Promise<Pod> {
    return await eventually(
      `pod ${name} is ${phase}`,
      async () => {
        const pod = await this.read(name);
        return pod.status?.phase === phase && pod;
      },
      { timeoutMs: 60_000 },
    );
  }

  remove(): Promise<void> {
    return this.cluster.remove();
  }
}
