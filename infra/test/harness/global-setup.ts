import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingForBrowser } from '@andamio/testing/browser';
import type { TestProject } from 'vitest/node';

const works = (command: string, ...args: string[]) =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/**
 * The optional tools that some tests need. Without a tool, its tests are skipped and `line` is
 * reported.
 */
const requirements = {
  engine: {
    isMet: () => works('pulumi', 'version'),
    line: 'Tests with the Pulumi engine are skipped: they need the Pulumi CLI on PATH (https://www.pulumi.com/docs/install/).',
  },
  gcloud: {
    isMet: () => works('gcloud', '--version'),
    line: 'Tests with the Google Cloud CLI are skipped: they need gcloud on PATH (https://cloud.google.com/sdk/docs/install).',
  },
  linters: {
    isMet: () => works('actionlint', '-version') && works('zizmor', '--version'),
    line: 'Linting of the workflows is skipped: it needs actionlint and zizmor (go install github.com/rhysd/actionlint/cmd/actionlint@latest, pip install zizmor).',
  },
  browser: {
    isMet: () => missingForBrowser() === undefined,
    line: 'The drawings are not measured: it needs Chromium (Debian: chromium).',
  },
  images: {
    isMet: () =>
      process.getuid?.() === 0 &&
      works('buildah', '--version') &&
      works('unshare', '--mount', 'true'),
    line: 'Tests with images are skipped: they need root, buildah and unshare (Debian: buildah, util-linux).',
  },
};

type Requirement = keyof typeof requirements;

declare module 'vitest' {
  export interface ProvidedContext {
    /** True for each optional tool that this machine has. */
    present: Readonly<Record<Requirement, boolean>>;
    /** Folder for the templates of a test run. */
    templates: string;
  }
}

/**
 * Looks for the optional tools, and reports once per run which tests are skipped. Creates the
 * folder for templates.
 *
 * @returns a function that deletes the folder
 * @throws if a tool is missing and REQUIRE_ALL_TESTS is set
 */
export default function setup({ provide }: TestProject): () => void {
  const results = Object.entries(requirements).map(([name, { isMet, line }]) => ({
    name: name as Requirement,
    here: isMet(),
    line,
  }));
  const missing = results.filter(({ here }) => !here).map(({ line }) => line);
  if (missing.length > 0 && process.env['REQUIRE_ALL_TESTS']) throw new Error(missing.join('\n'));
  for (const line of missing) process.stderr.write(`${line}\n`);
  const present = Object.fromEntries(results.map(({ name, here }) => [name, here]));
  provide('present', present as Record<Requirement, boolean>);

  const templates = mkdtempSync(join(tmpdir(), 'andamio-infra-templates-'));
  provide('templates', templates);
  // Each operation starts processes that load Google's SDK. They share its compiled code. The
  // folder is kept, because some processes write to it after the teardown.
  process.env['NODE_COMPILE_CACHE'] ??= join(
    import.meta.dirname,
    '../../node_modules/.cache/compiled',
  );
  return () => rmSync(templates, { recursive: true, force: true });
}
