/**
 * What has to be given to a text, read from its English at compile time: `{name}` takes a text or a number,
 * `{name, plural, …}` and `{name, number}` a number, `{name, select, …}` a text, and `<name>…</name>` a piece of markup.
 */
export type ArgumentsOf<Text extends string, Value, Markup> = {
  readonly [Name in PlainNames<Text>]: Value;
} & { readonly [Name in NumberNames<Text>]: number } & { readonly [Name in SelectNames<Text>]: string } & {
  readonly [Name in TagNames<Text>]: Markup;
};

/** Every text between a `{` and the `}` that follows it first. */
type Braces<Text extends string> = Text extends `${string}{${infer Rest}`
  ? (Rest extends `${infer Inner}}${string}` ? Inner : never) | Braces<Rest>
  : never;

/** The words of a plural's branch are no name, as long as there are several of them, or a `#`. */
type Name<Text extends string> = Text extends `${string} ${string}` | `${string}#${string}` | ''
  ? never
  : Text;

type PlainNames<Text extends string> = PlainName<Braces<Text>>;
type PlainName<Inner extends string> = Inner extends `${string},${string}` ? never : Name<Inner>;

type NumberNames<Text extends string> = NumberName<Braces<Text>>;
type NumberName<Inner extends string> = Inner extends
  `${infer First}, plural,${string}` | `${infer First}, number${string}`
  ? Name<First>
  : never;

type SelectNames<Text extends string> = SelectName<Braces<Text>>;
type SelectName<Inner extends string> = Inner extends `${infer First}, select,${string}`
  ? Name<First>
  : never;

type TagNames<Text extends string> = Text extends `${string}</${infer Tag}>${infer Rest}`
  ? Tag | TagNames<Rest>
  : never;
