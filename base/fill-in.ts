/** Gives `object` what it lacks of `defaults`, in place; what is there is not assigned again. */
export function fillIn<T extends object>(object: T, defaults: Partial<T>): void {
  for (const [name, value] of Object.entries(defaults)) {
    if (Reflect.get(object, name) === undefined) Reflect.set(object, name, value);
  }
}
