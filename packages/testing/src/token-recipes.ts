import { readFileSync } from 'node:fs';

/**
 * The settings that make a service accept the tokens of one issuer, according to docs/tokens.md.
 */
export interface TokenRecipe {
  readonly issuer: string;
  /** The environment variables of the service. */
  readonly settings: Readonly<Record<string, string>>;
  /**
   * The `pulumi` commands that configure a stack to accept the same tokens. Undefined if
   * docs/tokens.md lists the issuer only in its last table.
   */
  readonly stackCommand: string | undefined;
  /**
   * The documented program that signs a token, for readers who issue their own tokens. Undefined if
   * there is none.
   */
  readonly program: string | undefined;
}

const page = readFileSync(new URL('../../../docs/tokens.md', import.meta.url), 'utf8');

/** Returns the code blocks in a given language from Markdown text. */
function blocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, code]) =>
    name === language ? [code as string] : [],
  );
}

function settingsIn(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );
}

function section(heading: string): string {
  const [, body = ''] = page.split(`\n## ${heading}\n`);
  return body.split('\n## ')[0] as string;
}

const recipes: TokenRecipe[] = section('Issuers')
  .split('\n### ')
  .slice(1)
  .map((text) => ({
    issuer: text.slice(0, text.indexOf('\n')),
    settings: settingsIn(blocks(text, 'sh').join('\n')),
    stackCommand: blocks(text, 'text').join('\n'),
    program: blocks(text, 'js')[0],
  }));

const rows: TokenRecipe[] = [
  ...section('Other issuers').matchAll(/^\| ([^|]+) \| (`(?:[^|]|\\\|)+`) \|/gm),
].map(([, issuer = '', settings = '']) => {
  const spans = [...settings.replaceAll('\\|', '|').matchAll(/`([^`]+)`/g)];
  return {
    issuer,
    settings: settingsIn(spans.map(([, span]) => span).join('\n')),
    stackCommand: undefined,
    program: undefined,
  };
});

/** The recipes in docs/tokens.md, in the order of that page. */
export const tokenRecipes: readonly TokenRecipe[] = [...recipes, ...rows];

/**
 * Finds an issuer's recipe by its heading or its row in the table.
 *
 * @throws {Error} if docs/tokens.md has no recipe for the issuer.
 */
export function tokenRecipe(issuer: string): TokenRecipe {
  const recipe = tokenRecipes.find((one) => one.issuer === issuer);
  if (recipe === undefined) throw new Error(`docs/tokens.md has no recipe for ${issuer}.`);
  return recipe;
}
