import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const pom = join(import.meta.dirname, 'clients/pom.xml');
const document = join(import.meta.dirname, '../openapi.json');
const folder = mkdtempSync(join(tmpdir(), 'clients-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(
  command: string,
  parameters: readonly string[],
  cwd = folder,
): SpawnSyncReturns<string> {
  return spawnSync(command, parameters, { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

/**
 * Returns the class path of the client generator and of generated Java clients, from Maven's local
 * repository. Returns undefined if a library is missing.
 */
function findClassPath(): string | undefined {
  const file = join(folder, 'class-path');
  const goal = ['dependency:build-classpath', `-Dmdep.outputFile=${file}`];
  return run('mvn', ['--offline', '--quiet', '--file', pom, ...goal]).status === 0
    ? readFileSync(file, 'utf8')
    : undefined;
}

const works = (command: string, ...parameters: string[]) => run(command, parameters).status === 0;
const classPath =
  works('javac', '--version') && works('go', 'version') ? findClassPath() : undefined;
if (classPath === undefined) {
  const line =
    'Tests of generated clients are skipped. They need a JDK, Go and Maven with the jars of packages/schema/test/clients/pom.xml (mvn --file … dependency:build-classpath).';
  if (process.env['REQUIRE_ALL_TESTS']) throw new Error(line);
  process.stderr.write(`${line}\n`);
}

const generators = {
  java: {
    generatorName: 'java',
    library: 'native',
    additionalProperties: { openApiNullable: 'false', useJakartaEe: 'true' },
  },
  go: { generatorName: 'go' },
  typescript: { generatorName: 'typescript-fetch' },
};

const compilers: Record<keyof typeof generators, (client: string) => SpawnSyncReturns<string>> = {
  java(client) {
    const sources = globSync('src/main/**/*.java', { cwd: client });
    return run(
      'javac',
      ['-proc:none', '-d', 'classes', '-cp', classPath as string, ...sources],
      client,
    );
  },
  go: (client) => run('go', ['build', './...'], client),
  typescript(client) {
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--lib',
      'es2022,dom',
      '--types',
      '',
    ];
    return run('tsc', [...options, '--module', 'nodenext', join(client, 'index.ts')]);
  },
};

beforeAll(() => {
  if (classPath === undefined) return;
  const configurations = Object.entries(generators).map(([name, generator]) => {
    const outputDir = join(folder, name);
    const file = join(folder, `${name}.json`);
    const globalProperties = {
      apiTests: 'false',
      modelTests: 'false',
      apiDocs: 'false',
      modelDocs: 'false',
    };
    mkdirSync(outputDir);
    writeFileSync(
      file,
      JSON.stringify({ ...generator, inputSpec: document, outputDir, globalProperties }),
    );
    return file;
  });
  const jar = classPath
    .split(delimiter)
    .find((path) => path.includes('openapi-generator-cli')) as string;
  const { status, stdout, stderr } = run('java', [
    '-jar',
    jar,
    'batch',
    '--fail-fast',
    ...configurations,
  ]);
  expect(status, `${stdout}${stderr}`).toBe(0);
}, 180_000);

test.runIf(classPath).each(Object.keys(generators) as (keyof typeof generators)[])(
  'a %s client generated from the document compiles',
  (name) => {
    const { status, stdout, stderr } = compilers[name](join(folder, name));
    expect(status, `${stdout}${stderr}`).toBe(0);
  },
  120_000,
);
