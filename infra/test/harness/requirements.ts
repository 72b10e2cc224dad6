import { spawnSync } from 'node:child_process';
import { missingForBrowser } from '@andamio/testing/browser';

const works = (command: string, ...args: string[]) =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Optional tools, without which some tests are skipped. No other tests are ever skipped. */
const requirements = {
  engine: {
    here: works('pulumi', 'version'),
    line: 'Tests with the Pulumi engine are skipped: they need the Pulumi CLI on PATH (https://www.pulumi.com/docs/install/).',
  },
  gcloud: {
    here: works('gcloud', '--version'),
    line: 'Tests with the Google Cloud CLI are skipped: they need gcloud on PATH (https://cloud.google.com/sdk/docs/install).',
  },
  linters: {
    here: works('actionlint', '-version') && works('zizmor', '--version'),
    line: 'Linting of the workflows is skipped: it needs actionlint and zizmor (go install github.com/rhysd/actionlint/cmd/actionlint@latest, pip install zizmor).',
  },
  browser: {
    here: missingForBrowser() === undefined,
    line: 'The drawings are not measured: it needs Chromium (Debian: chromium).',
  },
  images: {
    here:
      process.getuid?.() === 0 &&
      works('buildah', '--version') &&
      works('unshare', '--mount', 'true'),
    line: 'Tests with images are skipped: they need root, buildah and unshare (Debian: buildah, util-linux).',
  },
};

const missing = Object.values(requirements).filter(({ here }) => !here);
if (missing.length > 0 && process.env['REQUIRE_ALL_TESTS']) {
  throw new Error(missing.map(({ line }) => line).join('\n'));
}

export const engineIsHere = requirements.engine.here;
export const gcloudIsHere = requirements.gcloud.here;
export const lintersAreHere = requirements.linters.here;
export const browserIsHere = requirements.browser.here;
export const imagesCanBeBuilt = requirements.images.here;

/** Reports once per run which tests are skipped. Vitest calls this function as its global setup. */
export default function setup(): void {
  for (const { line } of missing) process.stderr.write(`${line}\n`);
}
