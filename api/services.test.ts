import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasNodePorts, isHeadless, needsClusterIp, needsHealthCheckPort } from './services.ts';
import type { ServiceSpec } from './types/core/v1.ts';

describe('a Service is headless', () => {
  const cases: readonly (readonly [spec: ServiceSpec, headless: boolean])[] = [
    [{}, false],
    [{ clusterIP: '' }, false],
    [{ clusterIP: '10.96.0.1' }, false],
    [{ clusterIP: 'None' }, true],
    [{ clusterIPs: ['None'] }, true],
    [{ clusterIP: 'None', clusterIPs: [] }, true],
    [{ clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1', 'fd00::1'] }, false],
  ];
  for (const [spec, headless] of cases)
    it(`${JSON.stringify(spec)}: ${headless}`, () => assert.equal(isHeadless(spec), headless));
});

describe('a Service needs by its type', () => {
  const cases: readonly (readonly [
    spec: ServiceSpec,
    needs: readonly [ip: boolean, nodePorts: boolean, health: boolean],
  ])[] = [
    [{}, [true, false, false]],
    [{ type: 'ClusterIP' }, [true, false, false]],
    [{ type: 'NodePort', externalTrafficPolicy: 'Local' }, [true, true, false]],
    [{ type: 'LoadBalancer' }, [true, true, false]],
    [{ type: 'LoadBalancer', externalTrafficPolicy: 'Local' }, [true, true, true]],
    [{ type: 'ExternalName' }, [false, false, false]],
  ];
  for (const [spec, needs] of cases)
    it(JSON.stringify(spec), () =>
      assert.deepEqual([needsClusterIp(spec), hasNodePorts(spec), needsHealthCheckPort(spec)], needs),
    );
});
