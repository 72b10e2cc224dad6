import { execFile, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { works } from '@andamio/testing/requirements';
import { startProcess, type TestProcess } from '@andamio/testing/service-process';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'clients-'));
const programs = join(import.meta.dirname, 'programs');

/** JVM options that make short programs start faster. */
const shortRun = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** Runs a command and returns its output. The error of a failure contains all of the output. */
async function run(
  command: string,
  parameters: readonly string[],
  cwd = folder,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const options = { cwd, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, ...environment } };
  try {
    return (await promisify(execFile)(command, parameters, options)).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/**
 * Returns the class path of the client generator and of generated Java clients, from Maven's local
 * repository. Returns undefined if a library is missing.
 */
function findClassPath(): string | undefined {
  const file = join(folder, 'class-path');
  const pom = join(import.meta.dirname, 'pom.xml');
  const goal = ['dependency:build-classpath', `-Dmdep.outputFile=${file}`];
  const { status } = spawnSync('mvn', ['--offline', '--quiet', '--file', pom, ...goal]);
  return status === 0 ? readFileSync(file, 'utf8') : undefined;
}

/** Returns the first Python on the PATH that has the libraries of a generated Python client. */
function findPython(): string | undefined {
  const libraries =
    'import dateutil, pydantic, typing_extensions, urllib3; pydantic.BaseModel.model_validate';
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, 'python3'))
    .find((python) => works(python, '-c', libraries));
}

const python = findPython();
const classPath =
  python !== undefined && works('javac', '--version') && works('go', 'version')
    ? findClassPath()
    : undefined;
if (classPath === undefined) {
  const line =
    'Tests of generated clients are skipped. They need a JDK, Go, Python with the libraries of apps/api/test/clients/requirements.txt, and Maven with the jars of apps/api/test/clients/pom.xml (mvn --file … dependency:build-classpath).';
  if (process.env['REQUIRE_ALL_TESTS']) throw new Error(line);
  process.stderr.write(`${line}\n`);
}

/** A language for which clients are generated. */
interface Language {
  /** The generator's configuration. */
  readonly generator: Readonly<Record<string, unknown>>;
  /** Compiles a client and the program that uses it, and returns the command that runs it. */
  compile(client: string): Promise<readonly [command: string, ...parameters: string[]]>;
}

const languages: Readonly<Record<string, Language>> = {
  python: {
    generator: { generatorName: 'python' },
    async compile(client) {
      await cp(join(programs, 'main.py'), join(client, 'main.py'));
      return [python as string, 'main.py'];
    },
  },
  go: {
    generator: {
      generatorName: 'go',
      gitHost: 'example.com',
      gitUserId: 'generated',
      gitRepoId: 'andamio',
    },
    async compile(client) {
      await cp(join(programs, 'main.go.txt'), join(client, 'program/main.go'));
      await run('go', ['build', '-o', 'program/', './...'], client);
      return [join(client, 'program/program')];
    },
  },
  typescript: {
    generator: { generatorName: 'typescript-fetch' },
    async compile(client) {
      await cp(join(programs, 'main.ts.txt'), join(client, 'main.ts'));
      const libraries = ['--target', 'es2022', '--lib', 'es2022,dom', '--types', ''];
      const output = ['--module', 'nodenext', '--outDir', 'compiled'];
      await run('tsc', ['--strict', ...libraries, ...output, 'main.ts'], client);
      return [process.execPath, 'compiled/main.js'];
    },
  },
  java: {
    generator: {
      generatorName: 'java',
      library: 'native',
      additionalProperties: { openApiNullable: 'false', useJakartaEe: 'true' },
    },
    async compile(client) {
      await cp(join(programs, 'Main.java.txt'), join(client, 'src/main/java/Main.java'));
      const sources = globSync('src/main/**/*.java', { cwd: client });
      const options = ['-proc:none', '-d', 'classes', '-cp', classPath as string];
      await run(
        'javac',
        [...shortRun.map((option) => `-J${option}`), ...options, ...sources],
        client,
      );
      return ['java', ...shortRun, '-cp', ['classes', classPath].join(delimiter), 'Main'];
    },
  },
};

const documents = { 'OpenAPI 3.1': 'doc.json', 'Swagger 2.0': 'swagger.json' };

const cases = Object.keys(languages).flatMap((language) =>
  Object.entries(documents).map(([format, document]) => ({ language, format, document })),
);
const clientOf = ({ language, document }: { language: string; document: string }) =>
  join(folder, `${language}-${document}`);

describe.runIf(classPath)('generated clients', () => {
  let service: TestProcess;

  beforeAll(async () => {
    service = await startProcess();
    const globalProperties = {
      apiTests: 'false',
      modelTests: 'false',
      apiDocs: 'false',
      modelDocs: 'false',
    };
    for (const document of Object.values(documents)) {
      const answer = await fetch(`${service.url}/api/v1/docs/${document}`);
      writeFileSync(join(folder, document), await answer.text());
    }
    const configurations = cases.map((one) => {
      const outputDir = clientOf(one);
      mkdirSync(outputDir);
      writeFileSync(
        `${outputDir}.json`,
        JSON.stringify({
          ...languages[one.language]?.generator,
          inputSpec: join(folder, one.document),
          outputDir,
          globalProperties,
        }),
      );
      return `${outputDir}.json`;
    });
    const jar = (classPath as string)
      .split(delimiter)
      .find((path) => path.includes('openapi-generator-cli')) as string;
    await run('java', [...shortRun, '-jar', jar, 'batch', '--fail-fast', ...configurations]);
  }, 240_000);
  afterAll(() => {
    service?.signal('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(cases)(
    'a $language client generated from the served $format compiles, requests and verifies a key, and reports an error',
    async ({ language, document }) => {
      const owner = `${language} ${document}`;
      const client = clientOf({ language, document });
      const [command, ...parameters] = await (languages[language] as Language).compile(client);
      // The client calls the service that served the document: no address is set.
      const output = await run(command, parameters, client, {
        TOKEN: tokenFor(owner, { alias: 'Ada' }),
      });
      expect(JSON.parse(output)).toEqual({
        key: expect.stringMatching(/^ant-[0-9A-Za-z]{40}$/),
        days: 30,
        owner,
        listed: 'generated',
        alias: 'Ada',
        status: 422,
        details: 'api_key_name is already the name of one of your keys.',
      });
    },
    240_000,
  );
});
