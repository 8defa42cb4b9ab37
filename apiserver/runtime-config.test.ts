import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { switchableKinds } from '../kinds/kind-table.ts';
import { chooseKinds } from './runtime-config.ts';

const version = 'storagemigration.k8s.io/v1beta1';

describe('--runtime-config', () => {
  const taken: [settings: string[], isOn: boolean][] = [
    [[], false],
    [[version], true],
    [[`${version}=`], true],
    [[`${version}=true`], true],
    [[` ${version} = true `], true],
    [[`${version}=false`], false],
    [[`${version}=true`, `${version}=false`], false],
  ];
  for (const [settings, isOn] of taken)
    it(`${JSON.stringify(settings)} serves it: ${isOn}`, () => {
      const plurals = chooseKinds(switchableKinds, settings).map(({ plural }) => plural);
      assert.deepEqual(plurals, isOn ? ['storageversionmigrations'] : []);
    });

  const refused: [setting: string, says: RegExp][] = [
    ['apps/v1=true', /"apps\/v1" cannot be switched on or off; storagemigration\.k8s\.io\/v1beta1 can/],
    ['storagemigration.k8s.io/v1=true', /"storagemigration\.k8s\.io\/v1" cannot be switched/],
    ['api/all=true', /"api\/all" cannot be switched/],
    ['=true', /"" cannot be switched/],
    ['__proto__', /"__proto__" cannot be switched/],
    [`${version}=yes`, /v1beta1 must be "true" or "false", not "yes"/],
    [`${version}=toString`, /must be "true" or "false", not "toString"/],
  ];
  for (const [setting, says] of refused)
    it(`refuses ${setting}`, () => assert.throws(() => chooseKinds(switchableKinds, [setting]), says));
});
