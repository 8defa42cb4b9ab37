/** Objects that the cases make, as text for kubectl's standard input. */

export const pod = (name: string, labels: Record<string, string> = { app: name }): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: { containers: [{ name: 'c', image: 'registry.local/app:1' }] },
  });

export const deployment = (name: string, replicas = 2, image = 'registry.local/app:1'): string => `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels: { app: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
      - name: app
        image: ${image}
        env:
        - { name: MODE, value: fast }
`;

export const configMap = (name: string, data: Record<string, string>): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

/** Of kinds without a spec that matters here. */
export const bare = (kind: string, name: string, labels: Record<string, string> = {}): string =>
  JSON.stringify({ apiVersion: 'v1', kind, metadata: { name, labels } });

export const many = (...objects: string[]): string => objects.join('\n');

export function signingRequest(name: string): string {
  return JSON.stringify({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { request: csrPem, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
  });
}

export function event(name: string, namespace: string): string {
  const now = new Date().toISOString().replace(/\.\d+/, '');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace, uid: 'u' },
    reason: 'Scheduled',
    message: `placed ${name}`,
    type: 'Normal',
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  });
}

/** A real PKCS #10 request (CN=ann), base64 of its PEM. */
const csrPem =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlISk1IQUNBUUF3RGpFTU1Bb0dBMVVFQXd3RFlXNXVNRmt3RXdZSEtvWkl6ajBDQVFZSUtvWkl6ajBEQVFjRApRZ0FFTDNOY2VGY3ZDOUI3QzhEem1OanVRQzFNL08wOXZFVnU4aEUvenJ5ZDJzK2Y5cEZYa1IyOFR4RkFxbjNiCmlvSWZkTzdYcGhtK1k3SzF1cTU1WFo0cmNLQUFNQW9HQ0NxR1NNNDlCQU1DQTBrQU1FWUNJUURVdVJhK09vQUwKZkhzMlIvODJuL3FHSVcxU3FvTUNpR0pFWks2cGhyWGdId0loQUx6UG1Ga2I4Zis4Tm5pVmpxR2xEZm9EYnR5RApvRCtqSkZHVXhXeW1taURuCi0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=';
