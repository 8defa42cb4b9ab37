/** Which types the free parameters of signatures stand for, found out while calls are checked. */

import { type CelType, dynType, listOf, mapOf, opaqueType } from '../types/cel-type.ts';

/** The widest nesting of types that is looked into: literals nest no deeper than the parser lets them. */
export class TypeMapping {
  #types: Map<string, CelType>;

  constructor(types: ReadonlyMap<string, CelType> = new Map()) {
    this.#types = new Map(types);
  }

  /** Whether a value of `from` may stand where `to` is expected. What that says of parameters is kept only if it may. */
  assign(from: readonly CelType[], to: readonly CelType[]): boolean {
    const before = new Map(this.#types);
    if (this.#areAssignable(from, to)) return true;
    this.#types = before;
    return false;
  }

  /** With all that is known put in; `isFinal`: what is not known may be anything. */
  substitute(type: CelType, isFinal = false): CelType {
    switch (type.kind) {
      case 'parameter': {
        const known = this.#types.get(type.name);
        if (known !== undefined) return this.substitute(known, isFinal);
        return isFinal ? dynType : type;
      }
      case 'list': {
        const element = this.substitute(type.element, isFinal);
        return element === type.element ? type : listOf(element);
      }
      case 'map': {
        const [key, value] = [this.substitute(type.key, isFinal), this.substitute(type.value, isFinal)];
        return key === type.key && value === type.value ? type : mapOf(key, value);
      }
      case 'opaque':
        if (type.parameters.length === 0) return type;
        return opaqueType(type.name, ...type.parameters.map((one) => this.substitute(one, isFinal)));
      case 'type':
        return type.of === undefined ? type : { kind: 'type', of: this.substitute(type.of, isFinal) };
      default:
        return type;
    }
  }

  #areAssignable(from: readonly CelType[], to: readonly CelType[]): boolean {
    return from.length === to.length && from.every((type, index) => this.#isAssignable(type, to[index] ?? dynType));
  }

  #isAssignable(from: CelType, to: CelType): boolean {
    if (from.kind === 'parameter' && isSame(from, to)) return true;
    if (to.kind === 'parameter') {
      const known = this.#types.get(to.name);
      if (known === undefined ? this.#bind(to.name, from) : this.#widen(to.name, known, from)) return true;
      if (known !== undefined) return false;
    }
    if (from.kind === 'parameter') {
      const known = this.#types.get(from.name);
      return known === undefined ? this.#bind(from.name, to) : this.#widen(from.name, known, to);
    }
    if (isOpen(from) || isOpen(to)) return true;
    if (from.kind === 'null') return ['opaque', 'object', 'null', 'timestamp', 'duration'].includes(to.kind);
    return this.#haveSameParts(from, to);
  }

  #haveSameParts(from: CelType, to: CelType): boolean {
    switch (from.kind) {
      case 'list':
        return to.kind === 'list' && this.#isAssignable(from.element, to.element);
      case 'map':
        return to.kind === 'map' && this.#areAssignable([from.key, from.value], [to.key, to.value]);
      case 'object':
        return to.kind === 'object' && from.name === to.name;
      case 'opaque':
        return to.kind === 'opaque' && from.name === to.name && this.#areAssignable(from.parameters, to.parameters);
      default:
        return from.kind === to.kind;
    }
  }

  /** The parameter stands for both types where one of them is wide enough. */
  #widen(name: string, known: CelType, other: CelType): boolean {
    if (isSame(known, other)) return true;
    if (!this.#isAssignable(other, known)) return false;
    const wider = mostGeneral(other, known);
    // What stood for itself would have no end.
    if (!this.#occursIn(name, wider)) this.#types.set(name, wider);
    return true;
  }

  #bind(name: string, type: CelType): boolean {
    if (this.#occursIn(name, type)) return false;
    this.#types.set(name, type);
    return true;
  }

  #occursIn(name: string, type: CelType): boolean {
    switch (type.kind) {
      case 'parameter': {
        if (type.name === name) return true;
        const known = this.#types.get(type.name);
        return known !== undefined && this.#occursIn(name, known);
      }
      case 'list':
        return this.#occursIn(name, type.element);
      case 'map':
        return this.#occursIn(name, type.key) || this.#occursIn(name, type.value);
      case 'opaque':
        return type.parameters.some((one) => this.#occursIn(name, one));
      case 'type':
        return type.of !== undefined && this.#occursIn(name, type.of);
      default:
        return false;
    }
  }
}

/** Whatever is taken from it may be of any type. */
export const isOpen = (type: CelType): boolean => type.kind === 'dyn' || type.kind === 'error';

/** Of two types that go together. */
export const mostGeneral = (a: CelType, b: CelType): CelType => (isAtLeastAsGeneral(a, b) ? a : b);

function isAtLeastAsGeneral(a: CelType, b: CelType): boolean {
  if (a.kind === 'dyn' || a.kind === 'parameter') return true;
  if (b.kind === 'dyn' || b.kind === 'parameter' || a.kind !== b.kind) return false;
  if (a.kind === 'list' && b.kind === 'list') return isAtLeastAsGeneral(a.element, b.element);
  if (a.kind === 'map' && b.kind === 'map')
    return isAtLeastAsGeneral(a.key, b.key) && isAtLeastAsGeneral(a.value, b.value);
  if (a.kind === 'opaque' && b.kind === 'opaque')
    return a.name === b.name && a.parameters.every((one, index) => isAtLeastAsGeneral(one, b.parameters[index] ?? one));
  return a.kind === 'type' || isSame(a, b);
}

export function isSame(a: CelType, b: CelType): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case 'list':
      return b.kind === 'list' && isSame(a.element, b.element);
    case 'map':
      return b.kind === 'map' && isSame(a.key, b.key) && isSame(a.value, b.value);
    case 'object':
    case 'parameter':
      return b.kind === a.kind && a.name === b.name;
    case 'opaque':
      return (
        b.kind === 'opaque' &&
        a.name === b.name &&
        a.parameters.every((one, index) => isSame(one, b.parameters[index] ?? dynType))
      );
    default:
      return a.kind === b.kind;
  }
}
