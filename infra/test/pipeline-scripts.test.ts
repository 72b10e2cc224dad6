import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { comment, openIssue } from '../scripts/lib/github.ts';
import { differences, stepsAsTable } from '../scripts/lib/preview-steps.ts';
import { beyondRelease } from '../scripts/lib/release-guard.ts';

import { startGoogle } from './google/client.ts';
import { gcloudEnvironment } from './google/gcloud.ts';
import { gcloudIsHere } from './harness/requirements.ts';
import { program, repository, script, startScript } from './harness/scripts.ts';
import { temporaryFolder } from './harness/stack.ts';

/** Starts a loopback server that responds with the function's result as JSON. */
async function server(
  answer: (request: IncomingMessage, body: string, response: ServerResponse) => unknown,
) {
  const listening = createServer(async (request, response) => {
    const body = await text(request);
    response
      .setHeader('Content-Type', 'application/json')
      .end(JSON.stringify(answer(request, body, response)));
  }).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  onTestFinished(() => void listening.close());
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

const digest = `sha256:${'d'.repeat(64)}`;

describe('images', () => {
  /**
   * Creates several shell programs that log their arguments, and an environment with all of them on
   * PATH.
   */
  function programs(bodies: Readonly<Record<string, string>>) {
    const made = Object.entries(bodies).map(([name, body]) => [name, program(name, body)] as const);
    const folders = made.map(([, { folder }]) => folder);
    return {
      env: { PATH: [...folders, process.env['PATH']].join(':') },
      calls: Object.fromEntries(made.map(([name, { calls }]) => [name, calls])),
    };
  }

  const registry = 'us-central1-docker.pkg.dev/documented-project/andamio';

  test('infra/scripts/build-image.ts builds reproducible layers with SBOM and provenance, and prints the digest', async () => {
    const docker = `case "$*" in
      'buildx inspect') echo 'Driver: docker-container' ;;
      'buildx build'*) test "$SOURCE_DATE_EPOCH" = 0 ;;
    esac`;
    const { env, calls } = programs({
      docker,
      tar: `echo '{"manifests":[{"digest":"${digest}"}]}'`,
    });
    const output = join(temporaryFolder(), 'output');
    const { stdout, stderr, code } = await script('infra/scripts/build-image.ts', ['image.tar'], {
      ...env,
      GITHUB_OUTPUT: output,
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`${digest}\n`);
    expect(readFileSync(output, 'utf8')).toBe(`digest=${digest}\n`);
    expect(calls['docker']?.().at(-1)).toMatch(
      /^buildx build --platform=linux\/amd64 .*--sbom=true --provenance=mode=max --output type=oci,dest=\S+\/image\.tar,rewrite-timestamp=true /,
    );
  });

  test('infra/scripts/sign-image.ts pushes the image with the digest of the build, and attests it with the Cloud KMS key', async () => {
    const { env, calls } = programs({
      skopeo: `case "$1" in inspect) echo ${digest} ;; copy) cat "$5" > "$(dirname "$0")/auth" ;; esac`,
      gcloud: 'case "$*" in *print-access-token*) echo a-token ;; esac',
    });
    const { stdout, stderr, code } = await script(
      'infra/scripts/sign-image.ts',
      [registry, 'image.tar', digest],
      env,
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.trim().split('\n').at(-1)).toBe(`${registry}/api@${digest}`);
    expect(calls['skopeo']?.().at(-1)).toMatch(
      /^copy --all --preserve-digests --authfile \S+ oci-archive:\S+image\.tar docker:\S+\/api:d{20}$/,
    );
    const attested = calls['gcloud']?.().at(-1);
    expect(attested).toContain(`--artifact-url=${registry}/api@${digest}`);
    expect(attested).toContain('--attestor=projects/documented-project/attestors/andamio-built');
    expect(attested).toContain('/cryptoKeys/image-attestation/cryptoKeyVersions/1');
    // The token must not appear in any argument.
    expect(
      Object.values(calls)
        .flatMap((each) => each())
        .join(),
    ).not.toContain('a-token');
  });

  test('infra/scripts/sign-image.ts rejects an archive whose digest differs from the digest of the build', async () => {
    const { env, calls } = programs({
      skopeo: `echo sha256:${'e'.repeat(64)}`,
      gcloud: 'echo a-token',
    });
    const { stderr, code } = await script(
      'infra/scripts/sign-image.ts',
      [registry, 'image.tar', digest],
      env,
    );
    expect(code).toBe(1);
    expect(stderr).toContain('but the build reported');
    expect(calls['gcloud']?.()).toEqual([]);
    expect(calls['skopeo']?.()).toHaveLength(1);
  });

  test('the signing job imports no packages', () => {
    const seen = new Set<string>();
    const visit = (file: string) => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(
        /^import .*?from '([^']+)'/gms,
      )) {
        if (from.startsWith('node:')) continue;
        expect(from, file).toMatch(/^\.{1,2}\//);
        visit(join(file, '..', from));
      }
    };
    visit(join(repository, 'infra/scripts/sign-image.ts'));
    expect(seen.size).toBeGreaterThan(3);
  });

  const pulumi = `case "$*" in *'get gcp:project'*) echo documented-project ;; *'get gcp:region'*) echo us-central1 ;; esac`;
  const buildah = `case "$1" in push) while [ "$1" != --digestfile ]; do shift; done; echo ${digest} > "$2" ;; esac`;

  test('npx -y pnpm@12 image:push builds, pushes and attests an image as the build account, and sets it in each stack', async () => {
    const { env, calls } = programs({
      pulumi,
      buildah,
      docker: 'exit 1',
      gcloud: 'case "$*" in *token*) echo a-token ;; esac',
    });
    const { code, stdout, stderr } = await script(
      'infra/scripts/push-image.ts',
      ['preprod', 'prod'],
      env,
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`node infra/scripts/release.ts prod ${registry}/api@${digest}`);
    const account = 'andamio-build@documented-project.iam.gserviceaccount.com';
    expect(calls['gcloud']?.()[1]).toBe(
      `auth print-access-token --impersonate-service-account=${account}`,
    );
    expect(calls['gcloud']?.().at(-1)).toContain(`--impersonate-service-account=${account}`);
    for (const stack of ['preprod', 'prod'])
      expect(calls['pulumi']?.()).toContain(
        `config set andamio:image ${registry}/api@${digest} --stack ${stack} --non-interactive`,
      );
    expect(
      Object.values(calls)
        .flatMap((each) => each())
        .join(),
    ).not.toContain('a-token');
  });

  const gcloud = 'case "$*" in *token*) echo a-token ;; esac';
  const label = 'org.mobyproject.buildkit.worker.snapshotter: overlayfs';
  /** Returns a Docker client that has a builder with the given description. */
  const docker = (description: string) => `case "$*" in
    'buildx inspect') printf '${description}\\n' ;;
    'buildx build'*)
      while [ "$1" != --metadata-file ]; do shift; done
      echo '{"containerimage.digest":"${digest}"}' > "$2"
      cat "$DOCKER_CONFIG/config.json" > "$(dirname "$0")/used"
      ls "$DOCKER_CONFIG" > "$(dirname "$0")/linked" ;;
  esac`;

  test.each([
    ['docker', 'Name: own\\nDriver:    docker-container'],
    ['docker', `Name: default\\nDriver: docker\\nLabels:\\n ${label}`],
    ['buildah', 'Name: default\\nDriver: docker'],
    ['buildah', 'ERROR: no buildx'],
  ])(
    'npx -y pnpm@12 image:push builds with %s if the builder of Docker is %j',
    async (tool, description) => {
      const { env, calls } = programs({ pulumi, buildah, gcloud, docker: docker(description) });
      const { code, stderr } = await script('infra/scripts/push-image.ts', ['prod'], env);
      expect([code, stderr]).toEqual([0, '']);
      const builds = (name: string) =>
        calls[name]?.().filter((call) => /^(bud|buildx build) /.test(call)).length;
      expect([builds('docker'), builds('buildah')]).toEqual(tool === 'docker' ? [1, 0] : [0, 1]);
    },
  );

  test.each([
    [{ docker: docker('Driver: docker') }, 'docker buildx create --use --driver docker-container'],
    [{ docker: 'exit 1' }, 'Docker with BuildKit, or buildah, is required'],
    [
      { docker: docker('Driver: docker-container'), gcloud: 'test "$1" != beta' },
      'gcloud components install beta',
    ],
  ])(
    'npx -y pnpm@12 image:push says before it grants or builds anything what it needs: %#',
    async (tools, says) => {
      const { env, calls } = programs({ pulumi, gcloud, buildah: 'exit 1', ...tools });
      const { code, stderr } = await script('infra/scripts/push-image.ts', ['prod'], env);
      expect(code).toBe(1);
      expect(stderr).toContain(says);
      expect(calls['gcloud']?.().filter((call) => !call.startsWith('beta '))).toEqual([]);
      expect(calls['docker']?.().filter((call) => call.startsWith('buildx build'))).toEqual([]);
    },
  );

  test('npx -y pnpm@12 image:push passes the token of the build account to Docker, whose own configuration otherwise remains', async () => {
    const own = temporaryFolder();
    mkdirSync(join(own, 'contexts'));
    const helpers = { 'us-central1-docker.pkg.dev': 'gcloud', 'docker.io': 'other' };
    const config = { currentContext: 'desktop', credsStore: 'desktop', credHelpers: helpers };
    writeFileSync(join(own, 'config.json'), JSON.stringify(config));
    const client = program('docker', docker('Driver: docker-container'));
    const others = programs({ pulumi, gcloud, buildah: 'exit 1' });
    const env = { PATH: `${client.folder}:${others.env.PATH}`, DOCKER_CONFIG: own };
    const { code, stderr } = await script('infra/scripts/push-image.ts', ['prod'], env);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(readFileSync(join(client.folder, 'used'), 'utf8'))).toEqual({
      ...config,
      auths: {
        'us-central1-docker.pkg.dev': {
          auth: Buffer.from('oauth2accesstoken:a-token').toString('base64'),
        },
      },
      credHelpers: { 'us-central1-docker.pkg.dev': '', 'docker.io': 'other' },
    });
    expect(readFileSync(join(client.folder, 'linked'), 'utf8')).toBe('config.json\ncontexts\n');
    expect(readdirSync(own).sort()).toEqual(['config.json', 'contexts']);
    expect(client.calls().join()).not.toContain('a-token');
  });

  test('npx -y pnpm@12 image:push grants its caller permission to impersonate the build account', async () => {
    const { env, calls } = programs({
      pulumi,
      buildah,
      docker: 'exit 1',
      gcloud: `case "$*" in
        *add-iam-policy-binding*) touch "$(dirname "$0")/granted" ;;
        *'get account'*) echo me@team.example ;;
        *token*) [ -e "$(dirname "$0")/granted" ] && echo a-token ;;
      esac`,
    });
    const { code } = await script('infra/scripts/push-image.ts', ['prod'], env);
    expect(code).toBe(0);
    expect(calls['gcloud']?.().join('\n')).toMatch(
      /add-iam-policy-binding andamio-build@\S+ --member=user:me@team\.example --role=roles\/iam\.serviceAccountTokenCreator/,
    );
  });

  test.each([
    ['prod', 'service', 'shared'],
    ['dev', 'all', 'dev'],
  ])(
    'npx -y pnpm@12 image:push %s prints the command for an owner if the caller cannot grant the permission',
    async (stack, owns, owner) => {
      const config = JSON.stringify({ 'andamio:owns': { value: owns } });
      const configured = `${pulumi.replace(/esac$/, '')} *'config --json'*) echo '${config}' ;; esac`;
      const gcloud = `case "$*" in beta*) ;; *'get account'*) echo me@team.example ;; *) echo PERMISSION_DENIED >&2; exit 1 ;; esac`;
      const { env, calls } = programs({ pulumi: configured, buildah, docker: 'exit 1', gcloud });
      const { code, stderr } = await script('infra/scripts/push-image.ts', [stack], env);
      expect(code).toBe(1);
      expect(stderr).toContain(`npx -y pnpm@12 pulumi up --stack ${owner}\n`);
      expect(stderr).toMatch(
        /PERMISSION_DENIED[\s\S]*deploy the stack that owns the project first[\s\S]*an owner of the project must run: gcloud iam service-accounts add-iam-policy-binding/,
      );
      expect(calls['buildah']?.()).toEqual(['--version']);
    },
  );
});

test('infra/scripts/exchange-token.ts exchanges the token of the job for a token of the issuer, and prints only that', async () => {
  const asked: string[] = [];
  const url = await server((request, body) => {
    asked.push(body || String(request.url));
    return request.url?.startsWith('/github')
      ? { value: 'token-of-the-job' }
      : { access_token: 'token-of-the-issuer' };
  });
  const { stdout } = await script('infra/scripts/exchange-token.ts', [], {
    ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/github?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x',
    SMOKE_TOKEN_URL: `${url}/token`,
    SMOKE_AUDIENCE: 'andamio-api',
  });
  expect(stdout).toBe('token-of-the-issuer\n');
  expect(asked[0]).toContain('audience=andamio-api');
  expect(Object.fromEntries(new URLSearchParams(asked[1]))).toMatchObject({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: 'token-of-the-job',
  });
});

test.each([
  ['the job', {}, { access_token: 'x' }, 'without value'],
  ['the job', { value: '' }, { access_token: 'x' }, 'without value'],
  ['the issuer', { value: 'x' }, { id_token: 'secret' }, 'without access_token'],
  ['the issuer', { value: 'x' }, null, 'without access_token'],
])(
  'infra/scripts/exchange-token.ts fails if it gets no token of %s: %j, %j',
  async (_, github, issuer, says) => {
    const url = await server((request) => (request.url?.startsWith('/github') ? github : issuer));
    const { stdout, stderr, code } = await script('infra/scripts/exchange-token.ts', [], {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/github?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x',
      SMOKE_TOKEN_URL: `${url}/token`,
      SMOKE_AUDIENCE: 'andamio-api',
    });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(`${new URL(url).host} responded with 200, but ${says}.\n`);
  },
);

test.each([
  [
    'cannot be reached',
    'http://127.0.0.1:2/token?a=b',
    /^http:\/\/127\.0\.0\.1:2\/token cannot be called: .*ECONNREFUSED.*\n$/,
  ],
  ['has no complete URL', 'issuer/token', /^SMOKE_TOKEN_URL must be a complete URL, .*\n$/],
])('infra/scripts/exchange-token.ts prints one line if the issuer %s', async (_, issuer, says) => {
  const url = await server(() => ({ value: 'token-of-the-job' }));
  const { stdout, stderr, code } = await script('infra/scripts/exchange-token.ts', [], {
    ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/github?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x',
    SMOKE_TOKEN_URL: issuer,
    SMOKE_AUDIENCE: 'andamio-api',
  });
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(says);
});

describe('on GitHub', () => {
  /**
   * Starts a GitHub whose lists have the given pages, and sets the variables of a job.
   *
   * @returns the requests, and the variables
   */
  async function github(pages: readonly unknown[][]) {
    const calls: string[] = [];
    const url = await server((request, body, response) => {
      calls.push(`${request.method} ${request.url?.split('?')[0]} ${body}`.trim());
      const { pathname, searchParams } = new URL(String(request.url), url);
      const page = Number(searchParams.get('page') ?? 1);
      if (request.method === 'GET' && page < pages.length)
        response.setHeader(
          'Link',
          `<${url}${pathname}?page=1>; rel="first", <${url}${pathname}?page=${page + 1}>; rel="next"`,
        );
      return pages[page - 1];
    });
    const env = { GITHUB_API_URL: url, GITHUB_REPOSITORY: 'o/n', GITHUB_TOKEN: 'x' };
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    return { calls, env };
  }

  const others = [{ id: 1, number: 1, title: 'another', body: 'another' }];

  test.each([1, 2, 3])(
    'a preview replaces the comment of an earlier preview on page %i',
    async (page) => {
      const earlier = [{ id: 7, body: '### Preview of `prod`\n\nold' }];
      const { calls } = await github([...Array(page - 1).fill(others), earlier]);
      await comment('5', '### Preview of `prod`', 'new');
      expect(calls.at(-1)).toBe(
        'PATCH /repos/o/n/issues/comments/7 {"body":"### Preview of `prod`\\n\\nnew"}',
      );
    },
  );

  test('drift opens one issue', async () => {
    const title = 'prod has drifted';
    const { calls } = await github([others, [{ number: 4, title, pull_request: {} }]]);
    await openIssue(title, 'table');
    expect(calls.at(-1)).toContain('POST /repos/o/n/issues {');
  });

  test.each([1, 2, 3])('drift adds comments to an open issue on page %i', async (page) => {
    const earlier = [{ number: 3, title: 'prod has drifted' }];
    const { calls } = await github([...Array(page - 1).fill(others), earlier]);
    await openIssue('prod has drifted', 'table');
    expect(calls.at(-1)).toContain('POST /repos/o/n/issues/3/comments');
  });

  test('drift reports the command that restores the resources', async () => {
    const urn = 'urn:pulumi:prod::andamio::gcp:cloudrunv2/service:Service::service';
    const pulumi = program(
      'pulumi',
      `case "$*" in *'stack output'*) echo '{}' ;; preview*) echo '${JSON.stringify({ steps: [{ op: 'update', urn }] })}' ;; esac`,
    );
    const { calls, env } = await github([[]]);
    const { code, stderr } = await script('infra/scripts/drift.ts', ['prod'], {
      ...pulumi.env,
      ...env,
    });
    expect(code).toBe(1);
    for (const text of [stderr, calls.at(-1)])
      expect(text).toContain('`npx -y pnpm@12 pulumi up --refresh --stack prod`');
  });
});

describe('the policy pack applies to', () => {
  /**
   * Creates a replacement for the Pulumi CLI. The replacement logs previews and updates but changes
   * nothing.
   */
  function engine(outputs: object) {
    const pulumi = program(
      'pulumi',
      // Reads all standard input, through which secrets are passed. If the program exited earlier,
      // the writer would fail with EPIPE.
      `cat > /dev/null; case "$*" in *'stack output'*) echo '${JSON.stringify(outputs)}' ;; preview*) echo '{}' ;; esac`,
    );
    return {
      env: pulumi.env,
      runs: () => pulumi.calls().filter((call) => /^(preview|up) /.test(call)),
    };
  }

  function expectThePack(runs: readonly string[], commands: readonly string[]) {
    expect(runs.map((run) => run.split(' ')[0])).toEqual(commands);
    for (const run of runs)
      expect(run).toContain(`--policy-pack ${join(repository, 'infra/policy')}`);
  }

  test('drift detection', async () => {
    const { env, runs } = engine({});
    const { stdout } = await script('infra/scripts/drift.ts', ['prod'], env);
    expect(stdout).toBe('prod has no drift.\n');
    expectThePack(runs(), ['preview']);
  });

  test('drift detection, whose preview ends with it on Ctrl-C', async () => {
    const pulumi = program(
      'pulumi',
      `case "$*" in *'stack output'*) echo '{}' ;; preview*) trap 'touch "$(dirname "$0")/ended"; exit 1' INT; touch "$(dirname "$0")/begun"; while :; do sleep 0.1; done ;; esac`,
    );
    const has = (name: string) => existsSync(join(pulumi.folder, name));
    const { press, ended } = startScript('infra/scripts/drift.ts', ['prod'], pulumi.env);
    await vi.waitFor(() => expect(has('begun')).toBe(true), 30_000);
    press();
    await ended;
    await vi.waitFor(() => expect(has('ended')).toBe(true), 30_000);
  });

  test('drift detection, which ignores an image that `up` built earlier', async () => {
    const steps = [
      {
        op: 'delete',
        urn: 'urn:pulumi:dev::andamio::andamio:Service$docker-build:index:Image::image',
      },
      { op: 'refresh', urn: 'urn:pulumi:dev::andamio::gcp:cloudrunv2/service:Service::service' },
    ];
    const pulumi = program(
      'pulumi',
      `case "$*" in *'stack output'*) echo '{}' ;; preview*) echo '${JSON.stringify({ steps })}' ;; esac`,
    );
    const { stdout, stderr } = await script('infra/scripts/drift.ts', ['dev'], pulumi.env);
    expect([stdout, stderr]).toEqual(['dev has no drift.\n', '']);
  });

  test('a preview, which reports the violations', async () => {
    const pulumi = program(
      'pulumi',
      `case "$*" in
        *'stack output'*) echo '{}' ;;
        preview*--json*) echo '{"diagnostics":[{"severity":"error","message":"preview failed"}]}'; exit 1 ;;
        preview*) printf 'Previewing\\nPolicies:\\n  production-protect: The resource is not protected\\n'; exit 1 ;;
      esac`,
    );
    const { stderr, code } = await script('infra/scripts/drift.ts', ['prod'], pulumi.env);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /The preview of prod failed[\s\S]*production-protect: The resource is not protected/,
    );
    expect(stderr).not.toContain('Previewing');
  });

  test('the preview of a pull request', async () => {
    const { env, runs } = engine({});
    const { stdout, stderr } = await script('infra/scripts/preview.ts', ['prod'], {
      ...env,
      PULUMI_BACKEND_URL: `file://${temporaryFolder()}`,
      PULL_REQUEST: '',
    });
    expect([stdout, stderr]).toEqual(['Nothing changes.\n', '']);
    expectThePack(runs(), ['preview']);
  });
});

describe('a release can change', () => {
  const urn = (type: string) => `urn:pulumi:prod::andamio::andamio:Service$${type}::it`;
  const service = urn('gcp:cloudrunv2/service:Service');
  const inputs = (image: string, more = {}) => ({
    inputs: { template: { containers: [{ image }] }, ...more },
  });

  test('the image and the traffic of the service', () => {
    const newState = inputs('b', { traffics: [{ percent: 100 }] });
    expect(
      beyondRelease([{ op: 'update', urn: service, oldState: inputs('a'), newState }]),
    ).toEqual([]);
  });

  const job = urn('gcp:cloudrunv2/job:Job');
  const task = (container: object) => ({
    inputs: { template: { template: { containers: [container] } } },
  });

  test('the image of its admin job', () => {
    const step = {
      op: 'update',
      urn: job,
      oldState: task({ image: 'a' }),
      newState: task({ image: 'b' }),
    };
    expect(beyondRelease([step])).toEqual([]);
  });

  test.each([
    [
      'the command of the job',
      {
        op: 'update',
        urn: job,
        oldState: task({ image: 'a' }),
        newState: task({ image: 'b', commands: ['/nodejs/bin/node', '/app/main.js'] }),
      },
      'template.template.containers.0.commands',
    ],
    [
      'another property',
      {
        op: 'update',
        urn: service,
        oldState: inputs('a'),
        newState: inputs('a', { ingress: 'x' }),
      },
      'ingress',
    ],
    ['a replacement', { op: 'replace', urn: service }, 'replace'],
    ['a role', { op: 'create', urn: urn('gcp:projects/iAMMember:IAMMember') }, 'IAMMember'],
    ['a secret', { op: 'update', urn: urn('gcp:secretmanager/secret:Secret') }, 'Secret'],
  ])('a release cannot change %s', (_, step, named) => {
    expect(beyondRelease([step]).join()).toContain(named);
  });
});

test('a table of steps contains the names of properties, but not their values', () => {
  const urn =
    'urn:pulumi:prod::andamio::gcp:secretmanager/secretVersion:SecretVersion::key-peppers-version';
  const step = {
    op: 'replace',
    urn,
    oldState: { inputs: { secretData: 'one' } },
    newState: { inputs: { secretData: 'two' } },
  };
  expect(stepsAsTable([step])).toContain(
    '| replace | gcp:secretmanager/secretVersion:SecretVersion | key-peppers-version | secretData |',
  );
  expect(stepsAsTable([{ ...step, op: 'same' }])).toBeUndefined();
  expect(differences({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] })).toEqual(['a.1.b']);
});

describe('bootstrap', () => {
  /**
   * Creates a gcloud that finds the documented project and its bucket, and a Pulumi CLI.
   *
   * @param exists true if the stack prod and the bucket exist already
   */
  function commands({ exists }: { readonly exists: boolean }) {
    const gcloud = program(
      'gcloud',
      `cd "$(dirname "$0")"
      case "$*" in
        *'projects describe 308006323670'*) echo documented-project ;;
        *'projects describe documented-project'*) echo 308006323670 ;;
        *'buckets create'*) touch created ;;
        *describe*) ${exists} || [ -e created ] || exit 1; echo 308006323670 ;;
      esac`,
    );
    const pulumi = program(
      'pulumi',
      `case "$*" in
        *'stack ls'*) echo '[${exists ? '{"name":"prod"}' : ''}]' ;;
        *'stack output'*) echo '{"place":{"project":"documented-project"}}' ;;
      esac`,
    );
    const env = {
      PATH: `${pulumi.env.PATH.split(':')[0]}:${gcloud.env.PATH}`,
      PULUMI_BACKEND_URL: '',
    };
    return { gcloud, pulumi, env };
  }

  const inFolder = { PULUMI_BACKEND_URL: 'file:///state' };

  test('creates a bucket and the stacks, and sets the project id', async () => {
    const { gcloud, pulumi, env } = commands({ exists: false });
    const { code, stderr } = await script('infra/scripts/bootstrap.ts', ['shared', 'prod'], env);
    expect([code, stderr]).toEqual([0, '']);
    const called = gcloud.calls().join('\n');
    expect(called).toMatch(
      /storage buckets create gs:\/\/documented-project-pulumi .*--public-access-prevention/,
    );
    expect(called).toMatch(/services enable .*secretmanager.googleapis.com/);
    expect(pulumi.calls()).toContain(
      'stack init prod --non-interactive --secrets-provider passphrase',
    );
    for (const stack of ['shared', 'prod']) {
      expect(pulumi.calls()).toContain(
        `config set gcp:project documented-project --stack ${stack} --non-interactive`,
      );
    }
  });

  test('does not change existing resources', async () => {
    const { gcloud, pulumi, env } = commands({ exists: true });
    await script('infra/scripts/bootstrap.ts', ['prod'], env);
    expect(gcloud.calls().filter((call) => / create /.test(call))).toEqual([]);
    expect(pulumi.calls().filter((call) => call.includes('stack init'))).toEqual([]);
  });

  test('does not change the project of a stack that is deployed in another one', async () => {
    const { pulumi, env } = commands({ exists: true });
    const args = ['--project', 'my-project', 'prod'];
    const { code, stderr } = await script('infra/scripts/bootstrap.ts', args, {
      ...env,
      ...inFolder,
    });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('Stack prod is deployed in project documented-project'),
    ]);
    expect(pulumi.calls().filter((call) => call.startsWith('config set'))).toEqual([]);
  });

  test.skipIf(!gcloudIsHere)(
    'uses no bucket of another project, and creates one in its own, with the real gcloud',
    async () => {
      const google = await startGoogle();
      onTestFinished(() => google.stop());
      const { pulumi } = commands({ exists: false });
      const env = {
        ...(await gcloudEnvironment(google, temporaryFolder())),
        ...pulumi.env,
        PULUMI_BACKEND_URL: '',
      };
      // Bucket names are global, so anybody can register the name first.
      await google.addBucket('documented-project-pulumi', 'my-project');
      const inProject = (project: string, stack: string) =>
        script('infra/scripts/bootstrap.ts', ['--project', project, stack], env);
      const { code, stderr } = await inProject('documented-project', 'prod');
      expect(stderr).toContain(
        'The bucket gs://documented-project-pulumi belongs to project 123456789012 and not to documented-project, which has the number 308006323670.',
      );
      expect([code, pulumi.calls()]).toEqual([1, []]);

      expect((await inProject('my-project', 'dev')).code).toBe(0);
      expect(await google.buckets()).toMatchObject({ 'my-project-pulumi': 'my-project' });
      expect(pulumi.calls()).toContain('login gs://my-project-pulumi');
    },
    300_000,
  );

  test('sets the project id of a stack whose state is in a folder', async () => {
    const { pulumi, env } = commands({ exists: false });
    const { code, stderr } = await script('infra/scripts/bootstrap.ts', ['prod'], {
      ...env,
      ...inFolder,
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(pulumi.calls()).toContain(
      'config set gcp:project documented-project --stack prod --non-interactive',
    );
  });

  test('waits until the API that the next command calls is available', async () => {
    const { pulumi } = commands({ exists: true });
    const gcloud = program(
      'gcloud',
      `case "$*" in *'secrets list'*) [ "$(grep -c 'secrets list' "$(dirname "$0")/calls")" -gt 1 ] || { echo 'ERROR: Secret Manager API has not been used in project 1 before or it is disabled.' >&2; exit 1; } ;; esac`,
    );
    const env = { PATH: `${pulumi.env.PATH.split(':')[0]}:${gcloud.env.PATH}`, ...inFolder };
    const { code, stdout } = await script(
      'infra/scripts/bootstrap.ts',
      ['--project', 'my-project', 'dev'],
      env,
    );
    expect(code).toBe(0);
    expect(stdout).toContain('Secret Manager is not available yet');
    expect(gcloud.calls().filter((call) => call.startsWith('secrets list'))).toHaveLength(2);
  });

  test('uses the id in --project without a lookup', async () => {
    const { gcloud, pulumi, env } = commands({ exists: false });
    await script('infra/scripts/bootstrap.ts', ['--project', 'my-project', 'dev'], {
      ...env,
      ...inFolder,
    });
    expect(gcloud.calls().filter((call) => call.startsWith('projects'))).toEqual([]);
    expect(pulumi.calls()).toContain(
      'config set gcp:project my-project --stack dev --non-interactive',
    );
  });

  test.each([
    [['dev'], 'npx -y pnpm@12 bootstrap --project ID dev'],
    [['nowhere'], 'Pulumi.nowhere.yaml does not exist'],
    [[], 'Usage: npx -y pnpm@12 bootstrap [--project ID] STACK...'],
  ])('rejects %j with instructions', async (args, message) => {
    const { pulumi, env } = commands({ exists: false });
    const { code, stderr } = await script('infra/scripts/bootstrap.ts', args, env);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(pulumi.calls()).toEqual([]);
  });
});
