import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resource } from '../api/resource.ts';
import { configMapKind } from './core/config/config-map.ts';
import { defineKind } from './define-kind.ts';
import type { Kind } from './kind.ts';
import { type KindChange, KindRegistry } from './kind-registry.ts';
import { kinds } from './kind-table.ts';

const widget = { group: 'example.dev', version: 'v1', kind: 'Widget', plural: 'widgets' };
const widgets: Kind = defineKind(resource(widget));

describe('a registry of kinds', () => {
  it('finds each row of the table by URL and by name', () => {
    const registry = new KindRegistry(kinds);
    assert.deepEqual(registry.all(), kinds);
    for (const kind of kinds) {
      assert.equal(registry.find(kind), kind);
      assert.equal(registry.findByName(kind), kind);
    }
    assert.equal(registry.find({ ...configMapKind, version: 'v2' }), undefined);
    assert.equal(registry.findByName(widget), undefined);
  });

  it('says what comes and goes, once it knows', () => {
    const registry = new KindRegistry(kinds);
    const before = registry.all();
    const heard: [KindChange['type'], string, boolean][] = [];
    const stop = registry.onChange(({ type, kind }) => heard.push([type, kind.plural, registry.find(kind) === kind]));
    registry.add(widgets);
    assert.ok(registry.hasGroup('example.dev'));
    assert.deepEqual(registry.all(), [...kinds, widgets]);
    assert.equal(registry.all(), registry.all());
    registry.remove(widgets);
    registry.remove(widgets);
    assert.ok(!registry.hasGroup('example.dev'));
    assert.deepEqual(registry.all(), before);
    stop();
    registry.add(widgets);
    assert.deepEqual(heard, [
      ['added', 'widgets', true],
      ['removed', 'widgets', false],
    ]);
  });

  it('shows a kind otherwise in its place', () => {
    const registry = new KindRegistry([widgets]);
    const heard: KindChange[] = [];
    registry.onChange((change) => heard.push(change));
    const going = { ...widgets, isTerminating: true };
    registry.replace(widgets, going);
    registry.replace(widgets, { ...widgets });
    assert.deepEqual(registry.all(), [going]);
    assert.deepEqual(heard, [{ type: 'replaced', kind: going, previous: widgets }]);
  });

  it('lets no kind take the place or the name of another', () => {
    const registry = new KindRegistry([widgets]);
    assert.throws(() => registry.add(defineKind(resource({ ...widget, kind: 'Gadget' }))), /taken by Widget/);
    assert.throws(() => registry.add(defineKind(resource({ ...widget, plural: 'gadgets' }))), /taken by Widget/);
    assert.deepEqual(registry.all(), [widgets]);
  });
});
