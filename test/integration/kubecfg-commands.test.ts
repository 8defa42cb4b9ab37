/**
 * Commands of kubecfg that have namesakes in kubectl, against the real API server: what they write, how they end, and what
 * is there afterwards. Where a kubectl of today is installed, it runs the same lines in a namespace beside, and has to
 * write the same.
 */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { certificateSigningRequests } from '../../api/resources/certificates.ts';
import { namespaces, nodes } from '../../api/resources/core.ts';
import { createCertificateRequest } from '../../base/certificate-request.ts';
import { kubeconfigText } from '../clients/kubeconfig-text.ts';
import { TestKubecfg } from '../support/kubecfg.ts';
import { Kubectl, sdkKubectls } from '../support/kubectl.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

/** One command line, and what it writes in both. `FILE` is a manifest of a ConfigMap `filed`. */
interface Line {
  readonly line: string;
  /** Default 0. */
  readonly code?: number;
  readonly out?: string | RegExp;
  readonly errors?: string | RegExp;
  /** Why kubectl is not asked for the same. */
  readonly alone?: string;
}

const lines: readonly Line[] = [
  { line: 'create configmap one --from-literal=a=1 --from-literal b=2', out: 'configmap/one created\n' },
  {
    line: 'create configmap one',
    code: 1,
    errors: 'error: failed to create configmap: configmaps "one" already exists\n',
  },
  { line: 'create secret generic s --from-literal=p=w --append-hash -oname', out: /^secret\/s-[a-z0-9]{10}\n$/ },
  {
    line: 'create deployment web --image=nginx:1 --replicas=2 --port=80 -- sleep 5',
    out: 'deployment.apps/web created\n',
  },
  {
    line: 'create service nodeport web --tcp=80:8080 --node-port=30111 -o jsonpath={.spec.ports[0].nodePort}',
    out: '30111',
    alone: 'the port is taken once',
  },
  {
    line: 'create role r --verb=get,list --resource=pods,deployments.apps/scale -o jsonpath={.rules}',
    out: '[{"apiGroups":[""],"resources":["pods"],"verbs":["get","list"]},{"apiGroups":["apps"],"resources":["deployments/scale"],"verbs":["get","list"]}]',
  },
  {
    line: 'create rolebinding rb --role=r --user=u --serviceaccount=x:y --dry-run=client',
    out: 'rolebinding.rbac.authorization.k8s.io/rb created (dry run)\n',
  },
  { line: 'create quota q --hard=cpu=1,pods=4 --dry-run=server', out: 'resourcequota/q created (server dry run)\n' },
  { line: 'create ingress i --rule=x.y/p*=web:80,tls=t', out: 'ingress.networking.k8s.io/i created\n' },
  {
    line: 'create priorityclass p --value=5 --dry-run=server',
    out: 'priorityclass.scheduling.k8s.io/p created (server dry run)\n',
  },
  { line: 'create serviceaccount robot', out: 'serviceaccount/robot created\n' },
  { line: 'create ns x --replicas 3', code: 1, errors: /^error: unknown flag: --replicas\n/ },
  { line: 'create token robot', out: /^eyJ/ },

  { line: 'label cm one x=y', out: 'configmap/one labeled\n' },
  { line: 'label cm one x=y', out: 'configmap/one not labeled\n' },
  { line: 'label cm one x=z', code: 1, errors: "error: 'x' already has a value (y), and --overwrite is false\n" },
  { line: 'label cm one x=z --overwrite --dry-run=server', out: 'configmap/one labeled (server dry run)\n' },
  { line: 'label cm one --list', out: 'x=y\n' },
  { line: 'label cm/one x- q-', out: 'label "q" not found.\nconfigmap/one unlabeled\n' },
  { line: 'label cm one', code: 1, errors: 'error: at least one label update is required\n' },
  { line: 'annotate cm one n=1', out: 'configmap/one annotated\n' },
  {
    line: 'annotate cm one n=2',
    code: 1,
    errors: /^error: --overwrite is false but found the following declared annotation/,
  },
  { line: 'patch cm one -p {"data":{"a":"2"}}', out: 'configmap/one patched\n' },
  { line: 'patch cm one -p {"data":{"a":"2"}}', out: 'configmap/one patched (no change)\n' },
  {
    line: 'patch deploy web --type=json -p [{"op":"replace","path":"/spec/replicas","value":3}]',
    out: 'deployment.apps/web patched\n',
  },
  {
    line: 'patch deploy web --subresource=scale --type=merge -p {"spec":{"replicas":4}}',
    out: 'scale.autoscaling/web patched\n',
  },
  { line: 'patch cm one', code: 1, errors: /^error: must specify --patch or --patch-file/ },

  { line: 'run solo --image=img:1 --env=A=1 --labels=x=y --restart=Never --port 80 -- a b', out: 'pod/solo created\n' },
  {
    line: 'get pod solo -o jsonpath={.spec.containers[0].args}{.spec.restartPolicy}{.metadata.labels}',
    out: '["a","b"]Never{"x":"y"}',
  },
  { line: 'delete pod solo', out: 'pod "solo" deleted\n' },

  { line: 'create -f FILE', out: 'configmap/filed created\n' },
  {
    line: 'create -f FILE',
    code: 1,
    errors:
      /^Error from server \(AlreadyExists\): error when creating "\S+filed.yaml": configmaps "filed" already exists\n$/,
  },
  {
    line: 'create -f THREE',
    code: 1,
    out: 'configmap/third created\n',
    errors:
      /^Error from server \(AlreadyExists\): error when creating "\S+three.yaml": configmaps "filed" already exists\nError from server \(Invalid\): error when creating "\S+three.yaml": ConfigMap "_" is invalid: .*\n$/,
  },
  { line: 'delete cm third', out: 'configmap "third" deleted\n' },
  { line: 'diff -f FILE' },
  { line: 'replace -f FILE', out: 'configmap/filed replaced\n' },
  { line: 'replace -f FILE --force', out: 'configmap "filed" deleted\nconfigmap/filed replaced\n' },

  { line: 'expose deploy web --port 80 --target-port 8080 --name front', out: 'service/front exposed\n' },
  {
    line: 'get svc front -o jsonpath={.spec.selector}{.spec.ports}',
    out: '{"app":"web"}[{"port":80,"protocol":"TCP","targetPort":8080}]',
  },
  { line: 'expose cm one --port 1', code: 1, errors: 'error: cannot expose a ConfigMap\n' },

  { line: 'get cm one filed -o custom-columns=N:.metadata.name,A:.data.a', out: 'N       A\none     2\nfiled   1\n' },
  { line: 'get cm --sort-by=.metadata.name -oname', out: 'configmap/filed\nconfigmap/one\n' },
  { line: 'get cm one nope -o name', code: 1, out: 'configmap/one\n', errors: /"nope" not found/ },
  { line: 'get cm nope --ignore-not-found' },
  { line: 'get cm one --no-headers --show-kind -L x', out: /^configmap\/one +2 +\S+ +\n$/ },
  { line: 'get deploy web --subresource=scale -o jsonpath={.kind}', out: 'Scale' },

  {
    line: 'explain deploy.spec.strategy',
    out: /^GROUP: {6}apps\n[\s\S]*FIELDS:\n {2}rollingUpdate\t<RollingUpdateDeployment>\n/,
  },
  { line: 'explain pod --recursive', out: /\n {4}containers\t<\[\]Container> -required-\n/ },
  { line: 'api-versions', out: /^apps\/v1$/m },
  { line: 'api-resources -o name', out: /^deployments\.apps$/m },
  {
    line: 'api-resources --api-group=apps -o wide',
    out: /^deployments +deploy +apps\/v1 +true +Deployment +create,delete,/m,
  },
  { line: 'events', errors: /^No events found in (ours|theirs) namespace\.$/m },
  { line: 'top node', code: 1, errors: 'error: Metrics API not available\n' },
  { line: 'wait cm/nope --for=delete' },
  { line: 'wait cm/one --for=foo', code: 1, errors: /^error: unrecognized condition: "foo"/ },
  { line: 'autoscale deploy nope --max=3', code: 1, errors: /deployments.apps "nope" not found/ },
  {
    line: 'annotate cm one q=1 q-',
    code: 1,
    errors: /^error: can not both modify and remove the following annotation\(s\) in the same command: q\n/,
  },
  {
    line: 'label cm one q=1 q-',
    code: 1,
    errors: /^error: can not both modify and remove a label in the same command\n/,
  },
  {
    line: 'patch cm one --type=foo -p {}',
    code: 1,
    errors: 'error: --type must be one of [json merge strategic], not "foo"\n',
  },
  { line: 'auth can-i get pods', out: 'yes\n' },
  { line: 'auth can-i --list --no-headers', out: /^\*\.\* +\[\] +\[\] +\[\*\]\n/ },
  { line: 'auth can-i get pods --list', code: 1, errors: /^error: list option must be specified with no arguments\n/ },
  { line: 'exec', code: 1, errors: /^error: pod, type\/name or --filename must be specified\n/ },
  { line: 'exec nope -- ls', code: 1, errors: /pods "nope" not found/ },
  { line: 'get componentstatuses', errors: /^No resources found\n$/m },
  { line: 'wait cm/one --for=jsonpath={.data.a}=2', out: 'configmap/one condition met\n' },
  {
    line: 'wait deploy/web --for=condition=Available --timeout=1s',
    code: 1,
    errors: 'error: timed out waiting for the condition on deployments/web\n',
  },

  {
    line: 'get all,cm -o name',
    out: /^deployment\.apps\/web\nconfigmap\/filed\nconfigmap\/one\n$|^configmap/m,
    alone: 'the default account',
  },
  { line: 'get deploy/web svc/nope', code: 1, out: /^NAME +READY .*\nweb +/, errors: /"nope" not found/ },
  { line: 'get deploy/web deploy/web --no-headers', out: /^web .*\nweb .*\n$/ },
  {
    line: 'get deploy/web svc web',
    code: 1,
    errors: /^error: there is no need to specify a resource type as a separate argument when passing arguments/,
  },
  { line: 'get cm,deploy -w', code: 1, errors: 'error: you may only specify a single resource type\n' },
  {
    line: 'get cm one filed -w',
    code: 1,
    out: /^NAME +DATA +AGE\none .*\nfiled .*\n$/,
    errors: 'error: you may only watch a single resource or type of resource at a time\n',
  },
  { line: 'get cm one -A', code: 1, errors: 'error: a resource cannot be retrieved by name across all namespaces\n' },
  { line: 'get deploy web -o custom-columns=L:.metadata.labels', out: 'L\nmap[app:web]\n' },
  { line: 'get deploy --sort-by=.nope', out: /^NAME .*\nweb / },
  {
    line: 'get cm one -o go-template={{.metadata.name',
    code: 1,
    errors: 'error: error parsing template {{.metadata.name, template: output:1: unclosed action\n',
  },
  { line: 'get cm one filed -o go-template={{range.items}}{{.metadata.name}}{{end}}', out: 'onefiled' },

  { line: 'scale deploy web --replicas=3', out: 'deployment.apps/web scaled\n' },
  { line: 'scale deploy web --replicas=3 --dry-run=server', out: 'deployment.apps/web scaled (server dry run)\n' },
  {
    line: 'scale deploy web --replicas=2 --current-replicas=7',
    code: 1,
    errors: 'error: Expected replicas to be 7, was 3\n',
  },
  { line: 'scale deploy web', code: 1, errors: 'error: required flag(s) "replicas" not set\n' },
  {
    line: 'scale deploy web --replicas=-1',
    code: 1,
    errors: 'error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0\n',
  },
  {
    line: 'scale deploy/nope --replicas=1',
    code: 1,
    errors: 'error: no objects passed to scale deployments.apps "nope" not found\n',
  },
  { line: 'autoscale deploy web --max=3', out: 'horizontalpodautoscaler.autoscaling/web autoscaled\n' },
  { line: 'autoscale deploy web', code: 1, errors: 'error: required flag(s) "max" not set\n' },
  {
    line: 'autoscale cm one --max=3',
    code: 1,
    errors:
      'error: cannot autoscale a ConfigMap: could not find scale subresource for /v1, Resource=configmaps in discovery information\n',
  },

  { line: 'set image deploy/web nginx=nginx:2', out: 'deployment.apps/web image updated\n' },
  { line: 'set image deploy/web nope=a', code: 1, errors: 'error: unable to find container named "nope"\n' },
  { line: 'set env deploy/web A=1 B=two', out: 'deployment.apps/web env updated\n' },
  { line: 'set env deploy/web --list', out: '# Deployment web, container nginx\nA=1\nB=two\n' },
  {
    line: 'set env deploy/web A=3 --overwrite=false',
    code: 1,
    errors: "error: deployments/web 'A' already has a value (1), and --overwrite is false\n",
  },
  {
    line: 'set env deploy/web -c nope A=1',
    errors: 'Warning: Deployment/web does not have any containers matching "nope"\n',
  },
  { line: 'set resources deploy/web --limits=cpu=200m', out: 'deployment.apps/web resource requirements updated\n' },
  {
    line: 'set resources deploy/web --limits=foo',
    code: 1,
    errors: 'error: Invalid argument syntax foo, expected <resource>=<value>\n',
  },
  { line: 'set serviceaccount deploy/web robot', out: 'deployment.apps/web serviceaccount updated\n' },
  { line: 'set serviceaccount deploy/web robot', out: 'deployment.apps/web serviceaccount updated\n' },
  { line: 'set image -f FILE --local c=a', code: 1, errors: /./ },

  { line: 'rollout status deploy/web --watch=false', out: 'Waiting for deployment spec update to be observed...\n' },
  { line: 'rollout status', code: 1, errors: 'error: required resource not specified\n' },
  {
    line: 'rollout undo deploy/web',
    code: 1,
    errors: 'error: no rollout history found for deployment "web"\n',
  },
  { line: 'rollout pause deploy/web', out: 'deployment.apps/web paused\n' },
  { line: 'rollout pause deploy/web', code: 1, errors: 'error: deployments.apps "web" is already paused\n' },
  {
    line: 'rollout restart deploy/web',
    code: 1,
    errors: /^error: deployments.apps "web" can't restart paused deployment \(run rollout resume first\)/,
  },
  { line: 'rollout resume deploy/web', out: 'deployment.apps/web resumed\n' },
  { line: 'rollout status cm/one', code: 1, errors: /^error: no status viewer has been implemented for/ },
  { line: 'run p', code: 1, errors: 'error: required flag(s) "image" not set\n' },
  {
    line: 'run over --image=i --overrides={"spec":{"hostname":"h"},"apiVersion":"v1"} -o jsonpath={.spec.hostname}',
    out: 'h',
  },
  {
    line: 'run over --image=i --override-type=json --overrides=[{"op":"add","path":"/spec/hostname","value":"h"}] --dry-run=client -o jsonpath={.spec.hostname}',
    out: 'h',
  },
  {
    line: 'certificate approve nope',
    code: 1,
    errors: /certificatesigningrequests.certificates.k8s.io "nope" not found\n$/,
  },
  {
    line: 'certificate approve',
    code: 1,
    errors: 'error: one or more CSRs must be specified as <name> or -f <filename>\n',
  },
  {
    line: 'certificate approve asked',
    out: 'certificatesigningrequest.certificates.k8s.io/asked approved\n',
  },
  {
    line: 'certificate deny asked',
    code: 1,
    errors: 'error: certificate signing request "asked" is already Approved\n',
  },
  {
    line: 'cluster-info dump',
    out: /"n1"[\s\S]*==== START logs for container over of pod ours\/over ====\n[\s\S]*==== END logs/,
    alone: 'lists as one kind',
  },
  {
    line: 'create token robot --duration=1s',
    code: 1,
    errors: /^error: failed to create token: .*less than 10 minutes\n$/,
  },

  { line: 'taint node n1 a=b:NoSchedule', out: 'node/n1 tainted\n', alone: 'one node' },
  { line: 'taint node n1 a=c:NoSchedule', code: 1, errors: /already has a taint\(s\) with same effect\(s\)/ },
  { line: 'taint node n1 a=c:NoSchedule --overwrite', out: 'node/n1 modified\n', alone: 'one node' },
  { line: 'taint node n1 a-', out: 'node/n1 untainted\n', alone: 'one node' },
  { line: 'taint node n1 a-', code: 1, errors: 'error: taint "a" not found\n' },
  { line: 'cordon n1 --dry-run=client', out: 'node/n1 cordoned (dry run)\n' },
  { line: 'cordon n1', out: 'node/n1 cordoned\n', alone: 'one node' },
  { line: 'drain n1', out: 'node/n1 already cordoned\nnode/n1 drained\n' },
  { line: 'uncordon n1', out: 'node/n1 uncordoned\n', alone: 'one node' },
  { line: 'drain nope', code: 1, errors: /nodes "nope" not found/ },

  { line: 'delete cm one --dry-run=client', out: 'configmap "one" deleted (dry run)\n' },
  { line: 'delete cm', code: 1, errors: 'error: resource(s) were provided, but no name was specified\n' },
  { line: 'delete cm -l no=such', out: 'No resources found\n' },
  { line: 'delete svc front nope', code: 1, out: 'service "front" deleted\n', errors: /"nope" not found/ },
  { line: 'delete deploy web', out: 'deployment.apps "web" deleted\n' },
  { line: 'delete cm --all -o name', out: 'configmap/filed\nconfigmap/one\n' },
];

describe('kubecfg and its namesakes in kubectl', { timeout: 600_000 }, () => {
  let server: TestApiServer;
  let kubecfg: TestKubecfg;
  let kubectl: Kubectl | undefined;
  let file: string;
  let three: string;

  before(async () => {
    server = await startTestApiServer();
    kubecfg = await TestKubecfg.open(server.connection);
    file = await kubecfg.file(
      'filed.yaml',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: filed}\ndata: {a: "1"}\n',
    );
    three = await kubecfg.file(
      'three.yaml',
      ['filed', '_', 'third']
        .map((name) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`)
        .join('---\n'),
    );
    const { request } = await createCertificateRequest({ commonName: 'someone', organizations: [] });
    await server.client.create(certificateSigningRequests, {
      metadata: { name: 'asked' },
      spec: {
        signerName: 'example.com/own',
        usages: ['client auth'],
        request: Buffer.from(request).toString('base64'),
      },
    });
    for (const name of ['ours', 'theirs']) await server.client.create(namespaces, { metadata: { name } });
    await server.client.create(nodes, { metadata: { name: 'n1' } });
    const binary = (await sdkKubectls()).at(-1);
    if (binary === undefined) return;
    const kubeconfig = await kubecfg.file('for-kubectl', '');
    await writeFile(kubeconfig, kubeconfigText(server.connection), { mode: 0o600 });
    kubectl = await Kubectl.open(binary, kubeconfig);
  });
  after(async () => {
    await kubectl?.close();
    await kubecfg.close();
    await server.stop();
  });

  const check = (what: string, text: string, wanted: string | RegExp = '') =>
    typeof wanted === 'string' ? assert.equal(text, wanted, what) : assert.match(text, wanted, what);

  for (const { line, code = 0, out, errors, alone } of lines) {
    it(line, async () => {
      const words = line.replace('FILE', file).replace('THREE', three).split(' ');
      const ours = await kubecfg.run(['-n', 'ours', ...words]);
      check('output', ours.out, out);
      check('errors', ours.errors, errors);
      assert.equal(ours.code, code);
      if (kubectl === undefined || alone !== undefined) return;
      const theirs = await kubectl.run(['-n', 'theirs', ...words]);
      check("kubectl's output", theirs.stdout, out);
      check("kubectl's errors", theirs.stderr, errors);
      assert.equal(theirs.code, code);
    });
  }
});
