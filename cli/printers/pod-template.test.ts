import assert from 'node:assert/strict';
import { it } from 'node:test';
import { renderPodTemplate } from './pod-template.ts';

it('describes a pod template as kubectl does', () => {
  const text = renderPodTemplate({
    metadata: { labels: { b: '2', a: '1' } },
    spec: {
      containers: [
        {
          name: 'web',
          image: 'nginx:1',
          command: ['sh', '-c', 'a\nb'],
          ports: [{ containerPort: 80 }, { containerPort: 81, hostPort: 8081, protocol: 'UDP' }],
          resources: { limits: { memory: '1Gi', cpu: '1' } },
          livenessProbe: { httpGet: { path: '/live', port: 80 }, periodSeconds: 10, timeoutSeconds: 1 },
          env: [
            { name: 'A', value: '1' },
            { name: 'B', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
          ],
          volumeMounts: [{ name: 'data', mountPath: '/data', readOnly: true }],
        },
      ],
      volumes: [{ name: 'data', emptyDir: {} }],
      tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }],
    },
  });
  assert.deepEqual(text.split('\n'), [
    'Pod Template:',
    '  Labels:\ta=1',
    '\tb=2',
    '  Containers:',
    '   web:',
    '    Image:\tnginx:1',
    '    Ports:\t80/TCP, 81/UDP',
    '    Host Ports:\t0/TCP, 8081/UDP',
    '    Command:',
    '      sh',
    '      -c',
    '      a',
    '      b',
    '    Limits:',
    '      cpu:\t1',
    '      memory:\t1Gi',
    '    Liveness:\thttp-get http://:80/live delay=0s timeout=1s period=10s #success=0 #failure=0',
    '    Environment:',
    '      A:\t1',
    "      B:\t<set to the key 'k' in secret 's'>\tOptional: false",
    '    Mounts:',
    '      /data from data (ro)',
    '  Volumes:',
    '   data:',
    "    Type:\tEmptyDir (a temporary directory that shares a pod's lifetime)",
    '    Medium:\t',
    '    SizeLimit:\t<unset>',
    '  Node-Selectors:\t<none>',
    '  Tolerations:\tgpu:NoExecute op=Exists for 5s',
    '',
  ]);
});
