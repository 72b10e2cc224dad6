import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeKey } from '@andamio/schema/key-format';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { smokeTest } from '../scripts/lib/smoke-test.ts';
import { waitForUpdates } from '../scripts/lib/stack-lock.ts';
import { startGoogle } from './google/client.ts';
import { program, repository, script, startScript } from './harness/scripts.ts';
import { image } from './harness/settings.ts';
import { temporaryFolder } from './harness/stack.ts';

const before = image('1');
const after = image('2');

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Handles the requests of a smoke test like a working service. */
const issues: Handler = ({ url, headers }, response) => {
  if (url?.endsWith('/delete')) response.end('{}');
  else if (headers.authorization === undefined) response.writeHead(401).end();
  else response.end(JSON.stringify({ api_key: makeKey() }));
};

/** A timeout that a smoke test does not reach, even on a busy machine. */
const longTimeout = { SMOKE_TIMEOUT_SECONDS: '60' };
/** The timeout of a smoke test that must time out. */
const shortTimeout = { SMOKE_TIMEOUT_SECONDS: '2' };

interface Failure {
  readonly handler: Handler;
  /** The message that the smoke test must print. */
  readonly says: RegExp;
  readonly timeout?: Readonly<Record<string, string>>;
}

/** Servers that fail a smoke test. */
const failures: Readonly<Record<string, Failure>> = {
  'closes the connection': {
    handler: (request) => void request.socket.destroy(),
    says: /cannot be called: .*(socket|closed)/i,
  },
  'never responds': {
    handler: () => undefined,
    says: /no complete response within 2 s/,
    timeout: shortTimeout,
  },
  'sends an incomplete body': {
    handler: (_, response) => void response.writeHead(401).write('{'),
    says: /no complete response within 2 s/,
    timeout: shortTimeout,
  },
  'issues no key': {
    handler: (_, response) => void response.end('{}'),
    says: /with 200 instead of 401/,
  },
  fails: {
    handler: (_, response) => void response.writeHead(500).end('<html>'),
    says: /with 500/,
  },
};

async function listen(
  handler: Handler,
): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/**
 * Creates a replacement for the Pulumi CLI. It stores settings in files, and logs the image and the
 * stable revision of each `up`.
 */
function engine(outputs: object, up = '') {
  const pulumi = program(
    'pulumi',
    `cd "$(dirname "$0")"
    echo "$1 passphrase=\${PULUMI_CONFIG_PASSPHRASE-unset}" >> passphrases
    case "$1 $2" in $(cat hold 2> /dev/null || echo none))
      rm hold
      trap 'echo "$1" >> stopped; exit 1' INT
      touch held
      until [ -e go-on ]; do sleep 0.1; done ;;
    esac
    case "$1 $2" in
      'stack output') cat outputs ;;
      whoami*) cat backend ;;
      cancel*) rm -r .pulumi ;;
      'config set') echo "$4" > "\${3#*:}" ;;
      'config rm') rm -f "\${3#*:}" ;;
      preview*) cat preview ;;
      up*) echo "$(cat image) $(cat stableRevision 2> /dev/null || echo latest)" >> ups
        test ! -e stableRevision || cat stableImage >> stableImages
        ${up} ;;
    esac`,
  );
  const file = (name: string) => join(pulumi.folder, name);
  const lines = (name: string) =>
    existsSync(file(name)) ? readFileSync(file(name), 'utf8').trim().split('\n') : [];
  const place = { project: 'documented-project', region: 'us-central1', service: 'andamio-api' };
  writeFileSync(
    file('outputs'),
    JSON.stringify({ image: before, revision: 'one', place, ...outputs }),
  );
  writeFileSync(file('preview'), '{}');
  writeFileSync(file('backend'), JSON.stringify({ url: `file://${pulumi.folder}` }));
  return {
    env: { ...pulumi.env, SMOKE_TOKEN_COMMAND: 'echo token', ...longTimeout } as Record<
      string,
      string
    >,
    /** Returns the image and the stable revision of each `up`. */
    ups: () => lines('ups').map((line) => line.replace(before, 'before').replace(after, 'after')),
    settings: () => [lines('image')[0], lines('stableRevision')[0]],
    /** Returns the setting `stableImage` at each update. */
    stableImages: () => lines('stableImages'),
    calls: pulumi.calls,
    /** Returns the value of PULUMI_CONFIG_PASSPHRASE in each command's environment. */
    passphrases: () => lines('passphrases'),
    /**
     * Makes the next command that matches the shell pattern wait. It ends early on SIGINT.
     *
     * @returns `isHeld` reports whether it waits, `stopped` returns the commands that SIGINT ended,
     * and `goOn` lets it finish
     */
    hold(pattern: string) {
      rmSync(file('held'), { force: true });
      writeFileSync(file('hold'), pattern);
      return {
        isHeld: () => existsSync(file('held')),
        stopped: () => lines('stopped'),
        goOn: () => writeFileSync(file('go-on'), ''),
      };
    },
    /** Locks the stack, as an update of it does. By default, this machine is the lock's host. */
    lock(lock: { readonly pid: number; readonly hostname?: string }) {
      const folder = file('.pulumi/locks/organization/andamio/prod');
      mkdirSync(folder, { recursive: true });
      const content = { ...lockOf(lock.pid), ...lock };
      writeFileSync(join(folder, 'a-lock.json'), JSON.stringify(content));
    },
    isLocked: () => existsSync(file('.pulumi')),
    /** Sets the URL of the backend that contains the state. */
    backend: (url: string) => writeFileSync(file('backend'), JSON.stringify({ url })),
    previews: (steps: object[]) => writeFileSync(file('preview'), JSON.stringify({ steps })),
  };
}

/** Returns the content of a lock that an update on this machine has created. */
const lockOf = (pid: number) => ({
  pid,
  username: 'olga',
  hostname: hostname(),
  timestamp: '2026-12-01T08:00:00Z',
});

/** Starts a process that runs until the test finishes, or until the returned function ends it. */
async function startProcess(): Promise<{ readonly pid: number; end(): Promise<unknown> }> {
  const child = spawn('sleep', ['600']);
  const ended = once(child, 'exit');
  await once(child, 'spawn');
  const end = () => {
    child.kill();
    return ended;
  };
  onTestFinished(() => void child.kill());
  return { pid: child.pid as number, end };
}

/** Returns the id of a process that has ended. */
async function endedProcess(): Promise<number> {
  const { pid, end } = await startProcess();
  await end();
  return pid;
}

const release = (env: Record<string, string>, what: string = after) =>
  script('infra/scripts/release.ts', ['prod', what], env);

const candidateUndone = ['after one', 'before one', 'before latest'];
const switchUndone = ['after one', 'after latest', 'after one', 'before one', 'before latest'];

describe('a release', () => {
  test('tests a candidate before it routes traffic to it, and previews each update under the policy pack', async () => {
    const { url } = await listen(issues);
    const { env, ups, calls } = engine({ host: url });
    const { code, stdout, stderr } = await release(env);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(
      `${after} is released and receives all traffic. To roll back, run: node infra/scripts/release.ts prod ${before}`,
    );
    expect(ups()).toEqual(['after one', 'after latest']);
    const runs = calls().filter((call) => /^(preview|up) /.test(call));
    expect(runs.map((run) => run.split(' ')[0])).toEqual(['preview', 'up', 'preview', 'up']);
    for (const run of runs)
      expect(run).toContain(`--policy-pack ${join(repository, 'infra/policy')}`);
  });

  test('runs each command with the empty passphrase unless the environment sets another one', async () => {
    vi.stubEnv('PULUMI_CONFIG_PASSPHRASE', undefined);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { url } = await listen(issues);
    const { env, passphrases } = engine({ host: url });
    expect((await release(env)).code).toBe(0);
    expect(passphrases()).toContain('up passphrase=');
    for (const line of passphrases()) expect(line).toMatch(/passphrase=$/);
  });

  test.each(Object.entries(failures))(
    'is rolled back when its candidate %s',
    async (_, { handler, says, timeout }) => {
      const host = engineHost();
      const { url } = await listen((request, response) => {
        (host.ups().length === 1 ? handler : issues)(request, response);
      });
      const { env, ups, stableImages } = host.start(url);
      const { code, stderr } = await release({ ...env, ...timeout });
      expect(code).toBe(1);
      expect(stderr).toMatch(says);
      expect(stderr).toContain(`${before} receives all traffic and issues keys`);
      expect(ups()).toEqual(candidateUndone);
      expect(stableImages()).toEqual([before, before]);
    },
  );

  test.each(Object.entries(failures))(
    'is rolled back when the service %s after the switch',
    async (_, { handler, says, timeout }) => {
      const host = engineHost();
      const { url } = await listen((request, response) => {
        (host.ups().length === 2 ? handler : issues)(request, response);
      });
      const { env, ups } = host.start(url);
      const { code, stderr } = await release({ ...env, ...timeout });
      expect(code).toBe(1);
      expect(stderr).toMatch(says);
      expect(stderr).toContain(`${before} receives all traffic and issues keys`);
      expect(ups()).toEqual(switchUndone);
    },
  );

  test.each([
    ['refuses connections', 'http://127.0.0.1:2', /cannot be called: .*ECONNREFUSED/],
    ['has no address', 'http://no-such-host.invalid', /cannot be called: .*(ENOTFOUND|EAI_AGAIN)/],
  ])(
    'is rolled back when the host %s, and reports that the previous image does not respond either',
    async (_, url, says) => {
      const { env, ups } = engine({ host: url });
      const { code, stderr } = await release(env);
      expect(code).toBe(1);
      expect(stderr).toMatch(says);
      expect(stderr).toMatch(/receives all traffic but its smoke test also fails/);
      expect(ups()).toEqual(candidateUndone);
    },
  );

  test.each([
    ['fails', 'echo secret; exit 3', /no token: exit code 3/],
    ['hangs', 'sleep 60', /no token: it took more than 2 s/],
    ['prints nothing', 'true', /must print one token/],
  ])(
    'changes nothing when the token command %s, and does not print its output',
    async (_, command, says) => {
      const { env, ups, settings } = engine({ host: 'http://127.0.0.1:9' });
      const { code, stdout, stderr } = await release({
        ...env,
        ...shortTimeout,
        SMOKE_TOKEN_COMMAND: command,
      });
      expect(code).toBe(1);
      expect(stderr).toMatch(says);
      expect(stdout + stderr).not.toContain('secret');
      expect([ups(), settings()]).toEqual([[], [undefined, undefined]]);
    },
  );

  test.each([
    ['an image', after],
    ['the previous image', before],
    ['--recover', '--recover'],
  ])('with %s requires a token command before it runs any other command', async (_, what) => {
    const { env, calls } = engine({ host: 'http://127.0.0.1:9', stableRevision: 'one' });
    const { code, stderr } = await release({ ...env, SMOKE_TOKEN_COMMAND: '' }, what);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'SMOKE_TOKEN_COMMAND must be a command that prints a token of the issuer.',
    );
    expect(calls()).toEqual([]);
  });

  test('is rolled back when the token command fails after the candidate was deployed', async () => {
    const { url } = await listen(issues);
    const { env, ups } = engine({ host: url });
    const once = join(temporaryFolder(), 'once');
    const { code, stderr } = await release({
      ...env,
      SMOKE_TOKEN_COMMAND: `mkdir '${once}' && echo token`,
    });
    expect(code).toBe(1);
    expect(stderr).toContain('SMOKE_TOKEN_COMMAND printed no token: exit code 1.');
    expect(ups()).toEqual(candidateUndone);
  });

  test('is rolled back when its revision does not start', async () => {
    const { url } = await listen(issues);
    const { env, ups } = engine({ host: url }, '[ "$(wc -l < ups)" != 1 ]');
    const { code, stderr } = await release(env);
    expect(code).toBe(1);
    expect(stderr).toContain(`${before} receives all traffic and issues keys`);
    expect(ups()).toEqual(candidateUndone);
  });

  test('prints the commands for a manual rollback if the rollback fails', async () => {
    const { url } = await listen(failures['fails']?.handler as Handler);
    const { env } = engine({ host: url }, '[ "$(wc -l < ups)" = 1 ]');
    const { code, stderr } = await release(env);
    expect(code).toBe(1);
    expect(stderr).toContain('The rollback also failed: pulumi up failed.');
    expect(stderr).toContain(
      'gcloud run services update-traffic andamio-api --to-revisions=one=100 --region=us-central1 --project=documented-project',
    );
    expect(stderr).toContain('node infra/scripts/release.ts prod --recover');
  });

  /** Starts a release whose smoke test gets no response from the candidate, and waits for it. */
  async function startHangingSmokeTest() {
    const host = engineHost();
    const waiting = Promise.withResolvers<void>();
    const { url } = await listen((request, response) => {
      if (host.ups().length === 1) waiting.resolve();
      else issues(request, response);
    });
    const { env, ups } = host.start(url);
    const started = startScript('infra/scripts/release.ts', ['prod', after], env);
    await waiting.promise;
    return { ...started, ups };
  }

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'is rolled back on %s during the smoke test, even if further signals arrive',
    async (signal) => {
      const { child, ended, ups } = await startHangingSmokeTest();
      child.kill(signal);
      await vi.waitFor(() => expect(ups().length).toBeGreaterThan(1), 30_000);
      child.kill('SIGTERM');
      const { code, stderr } = await ended;
      expect(code).toBe(1);
      expect(stderr).toContain(`stopped by ${signal}`);
      expect(stderr).toContain(`Rolled back. ${before} receives all traffic`);
      expect(ups()).toEqual(candidateUndone);
    },
  );

  test.each(['config set', 'config rm', 'up *'])(
    'is rolled back even if Ctrl-C is pressed during `pulumi %s` of the rollback',
    async (command) => {
      const host = engineHost();
      const failing = Promise.withResolvers<void>();
      const fail = Promise.withResolvers<void>();
      const { url } = await listen(async (request, response) => {
        if (host.ups().length > 1) return issues(request, response);
        failing.resolve();
        await fail.promise;
        response.writeHead(500).end();
      });
      const { env, ups, hold } = host.start(url);
      const { press, ended } = startScript('infra/scripts/release.ts', ['prod', after], env);
      await failing.promise;
      const { isHeld, stopped, goOn } = hold(command);
      fail.resolve();
      await vi.waitFor(() => expect(isHeld()).toBe(true), 30_000);
      press();
      press();
      goOn();
      const { code, stderr } = await ended;
      expect(code).toBe(1);
      expect(stderr).toContain(`Rolled back. ${before} receives all traffic`);
      expect([ups(), stopped()]).toEqual([candidateUndone, []]);
    },
  );

  test('stops its preview on Ctrl-C, and is rolled back even if Ctrl-C is pressed during the preview of the rollback', async () => {
    const { url } = await listen(issues);
    const killed = {
      host: url,
      image: image('3'),
      stableImage: before,
      revision: 'three',
      stableRevision: 'one',
    };
    const { env, ups, hold } = engine(killed);
    const first = hold('preview *');
    const { press, ended } = startScript('infra/scripts/release.ts', ['prod', after], env);
    await vi.waitFor(() => expect(first.isHeld()).toBe(true), 30_000);
    const second = hold('preview *');
    press();
    await vi.waitFor(() => expect(second.isHeld()).toBe(true), 30_000);
    press();
    second.goOn();
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain('stopped by SIGINT');
    expect([ups(), second.stopped()]).toEqual([['before one', 'before latest'], ['preview']]);
  });

  test('is rolled back after its terminal was closed', async () => {
    const { child, ended, ups } = await startHangingSmokeTest();
    const cut = expect(ended).rejects.toThrow('Premature close');
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.kill('SIGHUP');
    await Promise.all([once(child, 'exit'), cut]);
    expect(ups()).toEqual(candidateUndone);
  });

  test('is rolled back after Pulumi has stopped if a signal arrives during an update', async () => {
    const { url } = await listen(issues);
    const trap = `if [ "$(wc -l < ups)" = 1 ]; then trap 'echo stopped >> stopped; exit 1' INT; while :; do sleep 0.1; done; fi`;
    const { env, ups } = engine({ host: url }, trap);
    const { child, ended } = startScript('infra/scripts/release.ts', ['prod', after], env);
    await vi.waitFor(() => expect(ups()).toHaveLength(1), 30_000);
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain('stopped by SIGTERM');
    expect(ups()).toEqual(candidateUndone);
  });

  test('changes neither resources nor settings if the update would change more than image and traffic', async () => {
    const { env, ups, settings, previews } = engine({ host: 'http://127.0.0.1:9' });
    previews([
      { op: 'create', urn: 'urn:pulumi:prod::andamio::gcp:projects/iAMMember:IAMMember::grant' },
    ]);
    const { code, stderr } = await release(env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/more than a release may change[\s\S]*Nothing was changed/);
    expect(ups()).toEqual([]);
    expect(settings()).toEqual([before, undefined]);
  });

  test.each([
    ['another image', after],
    ['the previous image', before],
  ])('of %s changes nothing while the stack is locked', async (_, what) => {
    const { env, ups, settings, lock, isLocked } = engine({ host: 'http://127.0.0.1:9' });
    const pid = await endedProcess();
    lock({ pid });
    const { code, stderr } = await release(env, what);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`locked by process ${pid} of`)]);
    expect(stderr).toContain('node infra/scripts/release.ts prod --recover');
    expect([ups(), settings(), isLocked()]).toEqual([[], [undefined, undefined], true]);
  });

  test.each([
    ['the locks', 'GOOGLE_STORAGE_CUSTOM_ENDPOINT', 'storage/v1/'],
    ['the attestations', 'GOOGLE_CONTAINER_ANALYSIS_CUSTOM_ENDPOINT', 'v1beta1/'],
  ])(
    'stops at once on Ctrl-C while Google does not respond with %s, and runs no token command',
    async (_, variable, path) => {
      const asked = Promise.withResolvers<void>();
      const { url } = await listen(() => asked.resolve());
      const { env, ups, backend } = engine({ host: url, attestor: 'an-attestor' });
      if (variable.includes('STORAGE')) backend('gs://a-bucket');
      const marker = join(temporaryFolder(), 'marker');
      const { press, ended } = startScript('infra/scripts/release.ts', ['prod', after], {
        ...env,
        GOOGLE_OAUTH_ACCESS_TOKEN: 'a-token-of-the-tests',
        [variable]: `${url}/${path}`,
        SMOKE_TOKEN_COMMAND: `touch '${marker}'; echo token`,
      });
      await asked.promise;
      press();
      expect(await ended).toMatchObject({ code: 1, stderr: 'stopped by SIGINT\n' });
      expect([ups(), existsSync(marker)]).toEqual([[], false]);
    },
    25_000, // less than the timeout of a request to Google, which would also end the check
  );

  test('rejects an image without a digest', async () => {
    const { env, calls } = engine({});
    expect((await release(env, 'registry.example/api:latest')).stderr).toContain(
      'must be referenced by digest',
    );
    expect(calls()).toEqual([]);
  });

  test('rolls back to the image that receives the traffic, not to the candidate of a killed release', async () => {
    const { url } = await listen((_, response) => void response.writeHead(500).end());
    const killed = {
      host: url,
      image: image('3'),
      stableImage: before,
      revision: 'three',
      stableRevision: 'one',
    };
    const { env, ups } = engine(killed);
    const { code } = await release(env);
    expect(code).toBe(1);
    expect(ups()).toEqual(candidateUndone);
  });

  test.each([
    ['--recover', '--recover'],
    ['the previous image', before],
  ])(
    'completes a failed rollback when it runs with %s, and moves the traffic first',
    async (_, what) => {
      const { url } = await listen(issues);
      const { env, ups, previews } = engine({ host: url });
      const urn =
        'urn:pulumi:prod::andamio::andamio:Service$gcp:cloudrunv2/service:Service::service';
      const inputs = (percent: number) => ({ inputs: { traffics: [{ percent }] } });
      previews([{ op: 'update', urn, oldState: inputs(0), newState: inputs(100) }]);
      const { code, stdout } = await release(env, what);
      expect(code).toBe(0);
      expect(stdout).toContain(`Rolled back. ${before} receives all traffic`);
      expect(ups()).toEqual(['before one', 'before latest']);
    },
  );

  test('changes nothing if the image already receives the traffic', async () => {
    const { url } = await listen(issues);
    const { env, ups } = engine({ host: url });
    expect((await release(env, before)).stdout).toContain('Nothing was changed.');
    expect(ups()).toEqual([]);
  });

  test.each([
    ['', 'echo token', 'and issues keys'],
    [' even if the issuer is down', 'false', 'but its smoke test also fails'],
  ])(
    'removes the lock and rolls back a killed release when it runs with --recover%s',
    async (_, command, check) => {
      const { url } = await listen(issues);
      const killed = {
        host: url,
        image: after,
        stableImage: before,
        revision: 'two',
        stableRevision: 'one',
      };
      const { env, ups, lock, isLocked } = engine(killed);
      lock({ pid: await endedProcess() });
      const { code, stdout } = await release({ ...env, SMOKE_TOKEN_COMMAND: command }, '--recover');
      expect(code).toBe(0);
      expect(stdout).toMatch(/^Removing the lock of process \d+ of olga@/);
      expect(isLocked()).toBe(false);
      expect(stdout).toContain(`Rolled back. ${before} receives all traffic ${check}`);
      expect(ups()).toEqual(['before one', 'before latest']);
    },
  );
});

describe('a recovery', () => {
  const recover = ['prod', '--recover'];
  const path = 'infra/scripts/release.ts';

  test('removes no lock of an update that is running, and changes nothing when Ctrl-C ends its waiting', async () => {
    const { env, ups, calls, lock, isLocked } = engine({ host: 'http://127.0.0.1:9' });
    const { pid } = await startProcess();
    lock({ pid });
    const { child, ended, press } = startScript(path, recover, env);
    const [line] = await once(child.stdout as NodeJS.ReadableStream, 'data');
    expect(String(line)).toBe(
      `Waiting for process ${pid} of olga@${hostname()}, which locked the stack at 2026-12-01T08:00:00Z.\n`,
    );
    press();
    expect(await ended).toMatchObject({ code: 1, stderr: 'stopped by SIGINT\n' });
    expect([isLocked(), ups(), calls()]).toEqual([true, [], ['whoami --json']]);
  });

  test('removes no lock of another machine, and prints the commands that do so', async () => {
    const { env, calls, lock, isLocked } = engine({ host: 'http://127.0.0.1:9' });
    lock({ pid: await endedProcess(), hostname: 'a-runner' });
    const { code, stderr } = await script(path, recover, env);
    expect([code, stderr]).toEqual([1, expect.stringContaining('this machine cannot check')]);
    expect(stderr).toContain('npx -y pnpm@12 pulumi cancel --yes --stack prod');
    expect([isLocked(), calls()]).toEqual([true, ['whoami --json']]);
  });

  test('removes no lock of an update that takes longer than the recovery waits', async () => {
    const { env, lock, isLocked } = engine({});
    lock(await startProcess());
    vi.stubEnv('PATH', env['PATH']);
    const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    onTestFinished(() => {
      printed.mockRestore();
      vi.unstubAllEnvs();
    });
    const waiting = waitForUpdates('prod', new AbortController().signal, 0);
    await expect(waiting).rejects.toThrow('after 0 minutes there still is process');
    expect(isLocked()).toBe(true);
  });

  test('reads the locks in a bucket, below its prefix, as the account of gcloud', async () => {
    const google = await startGoogle();
    onTestFinished(() => google.stop());
    const rest = await google.restUrl();
    const { env, backend } = engine({ host: 'http://127.0.0.1:9' });
    const variables = {
      ...env,
      GOOGLE_OAUTH_ACCESS_TOKEN: 'a-token-of-the-tests',
      GOOGLE_STORAGE_CUSTOM_ENDPOINT: `${rest}storage/v1/`,
    };
    const addLock = (name: string, host: string) =>
      google.addObject('a-bucket', name, { ...lockOf(1), hostname: host });
    const folder = 'a-folder/.pulumi/locks/organization/andamio';
    await google.addBucket('a-bucket', 'my-project');
    await addLock(`${folder}/prod-eu/a-lock.json`, 'not-of-this-stack');
    await addLock('.pulumi/locks/organization/andamio/prod/a-lock.json', 'not-below-the-prefix');
    backend('gs://a-bucket/a-folder');
    expect((await script(path, recover, variables)).stderr).toContain('cannot be called');
    await addLock(`${folder}/prod/a-lock.json`, 'a-runner');
    expect((await script(path, recover, variables)).stderr).toContain('of olga@a-runner, which');
  });
});

/**
 * Returns an {@link engine} that is created later, by `start`. The test's server reads the engine's
 * updates, but must start first, because the engine needs the server's URL.
 */
function engineHost() {
  let started: ReturnType<typeof engine> | undefined;
  return {
    ups: () => started?.ups() ?? [],
    start: (host: string) => {
      started = engine({ host });
      return started;
    },
  };
}

test('a smoke test reports the reason of a TLS failure', async () => {
  const { url } = await listen(issues);
  const call = smokeTest(url.replace('http:', 'https:'), new AbortController().signal);
  await expect(call).rejects.toThrow(/cannot be called: fetch failed: .*(SSL|wrong version)/i);
});
