/** The ingress of a whole cluster: kubectl applies an Ingress, and requests to the node arrive at pods. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { events } from '../../api/resources/core.ts';
import { ingresses } from '../../api/resources/networking.ts';
import type { Ingress } from '../../api/types/networking/v1.ts';
import { importBusybox } from '../support/engine-state.ts';
import { eventually } from '../support/eventually.ts';
import { LocalCluster, runProgram } from '../support/local-cluster.ts';

const image = 'longshore-test/busybox:1';

/** Pods that say who they are. */
const manifest = `
apiVersion: v1
kind: ReplicationController
metadata: { name: web }
spec:
  replicas: 2
  selector: { app: web }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: web
        image: ${image}
        imagePullPolicy: Never
        command: [sh, -c, "mkdir /w; hostname > /w/index.html; exec httpd -f -p 8080 -h /w"]
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ port: 80, targetPort: 8080 }]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations: { nginx.ingress.kubernetes.io/affinity: cookie }
spec:
  rules:
  - host: web.example
    http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] }
`;

function ask(address: string, host: string): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: address, port: 80, headers: { host }, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('error', reject);
      response.on('end', () => resolve({ code: response.statusCode ?? 0, text: text.trim() }));
    });
    request.on('error', reject);
  });
}

describe('the ingress of a cluster', () => {
  let cluster: LocalCluster;
  const found = async () => {
    const { status } = await cluster.client.get<Ingress>(ingresses, { namespace: 'default', name: 'web' });
    return status?.loadBalancer?.ingress?.[0];
  };

  before(async () => {
    await importBusybox(image);
    // Another program has one of its ports: the cluster starts all the same.
    const other = createServer().listen(443, '0.0.0.0');
    await once(other, 'listening');
    cluster = await LocalCluster.start({ flags: ['--no-demo'] });
    const file = join(cluster.dataDir, 'web.yaml');
    await writeFile(file, manifest);
    await runProgram('kubectl', ['--kubeconfig', cluster.kubeconfig, 'apply', '-f', file]);
    await eventually('the port is told to be taken', async () => {
      const error = (await found())?.ports?.find(({ port }) => port === 443)?.error;
      return error === 'longshore.dev/PortUnavailable';
    });
    other.close();
  });
  after(async () => await cluster.remove());

  it('gets the default class and the address of the node', async () => {
    const { spec } = await cluster.client.get<Ingress>(ingresses, { namespace: 'default', name: 'web' });
    assert.equal(spec?.ingressClassName, 'longshore');
    await eventually('both ports are served', async () =>
      (await found())?.ports?.every(({ error }) => error === undefined),
    );
  });

  it('leads requests to both pods, in turn', async () => {
    const address = (await found())?.ip ?? '';
    await eventually('both pods answer', async () => {
      const answers = [];
      for (let i = 0; i < 4; i++) answers.push(await ask(address, 'web.example'));
      const [one, two, three, four] = answers.map(({ text }) => text);
      return answers.every(({ code }) => code === 200) && one !== two && one === three && two === four;
    });
    assert.equal((await ask(address, 'else.example')).code, 404);
  });

  it('says 503 when no pod is left', async () => {
    const address = (await found())?.ip ?? '';
    await cluster.kubecfg('scale', 'rc/web', '--replicas', '0');
    await eventually('nobody is left', async () => (await ask(address, 'web.example')).code === 503);
  });

  it('tells of annotations that it does not act on', async () => {
    await eventually('there is an event', async () => {
      const { items } = await cluster.client.list(events, { namespace: 'default' });
      return items.some(({ reason, message }) => reason === 'UnsupportedAnnotation' && message?.includes('/affinity'));
    });
  });

  it('shows figures and history on loopback', async () => {
    const read = async (path: string) => await (await fetch(`http://127.0.0.1:10254${path}`)).text();
    assert.match(await read('/metrics'), /longshore_ingress_requests_total\{[^}]*ingress="web"[^}]*code="2xx"\} [1-9]/);
    assert.equal(await read('/readyz'), 'ok');
    assert.match(await read('/history?since=1h'), /"columns"/);
  });
});
