import { type Abstract, type FactoryProvider, type Type } from '@nestjs/common';

/** Names a provider that has no class of its own; its type is what is provided. */
export interface Token<T> {
  readonly symbol: symbol;
  /** Only for the compiler. */
  readonly provides?: T;
}

export function token<T>(name: string): Token<T> {
  return { symbol: Symbol(name) };
}

type Key<T> = Token<T> | Abstract<T> | Type<T>;

/** What a token or a class is injected by. */
export function keyOf<T>(key: Key<T>): symbol | Abstract<T> | Type<T> {
  return typeof key === 'function' ? key : key.symbol;
}

type Keys<Parts> = { readonly [Name in keyof Parts]: Key<Parts[Name]> };

/**
 * A provider that is made of others: a list of them comes as arguments, an object of them as an object with the same
 * names. The compiler checks that the factory takes what is injected.
 */
export function provide<T, Parts extends readonly unknown[]>(
  key: Key<T>,
  parts: Keys<Parts>,
  make: (...parts: Parts) => T,
): FactoryProvider<T>;
export function provide<T, Parts extends object>(
  key: Key<T>,
  parts: Keys<Parts>,
  make: (parts: Parts) => T,
): FactoryProvider<T>;
export function provide<T>(
  key: Key<T>,
  parts: readonly Key<unknown>[] | Readonly<Record<string, Key<unknown>>>,
  make: (...parts: never[]) => T,
): FactoryProvider<T> {
  const inject = Object.values(parts).map((part) => keyOf(part));
  const names = Array.isArray(parts) ? null : Object.keys(parts);
  const made = make as (...parts: unknown[]) => T;
  return {
    provide: keyOf(key),
    inject,
    useFactory: (...given: unknown[]) =>
      names === null ? made(...given) : made(Object.fromEntries(names.map((name, at) => [name, given[at]]))),
  };
}
