// A Node.js language host for machines without Pulumi's own. The engine starts the program
// pulumi-language-nodejs, reads its port, and asks it to run programs and policy packs. This
// implementation supports only programs that need no compilation and no installation of
// dependencies. Like Pulumi's host
// (https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/cmd/pulumi-language-nodejs/main.go), it
// runs `node` from PATH with the SDK that resolves from the program's folder. If there is no SDK,
// it fails.
import { type ChildProcess, spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const fromPulumi = createRequire(require.resolve('@pulumi/pulumi'));
const grpc = fromPulumi('@grpc/grpc-js');
const { LanguageRuntimeService } = require('@pulumi/pulumi/proto/language_grpc_pb.js');
const language = require('@pulumi/pulumi/proto/language_pb.js');
const plugin = require('@pulumi/pulumi/proto/plugin_pb.js');

/**
 * An option of Node.js for programs and policy packs. For each promise, Pulumi's SDK records a
 * stack trace and maps its frames to sources, which adds a second to each run. Only these processes
 * get the option, because npm cannot use https with it (agent-base, `isSecureEndpoint`, reads stack
 * traces).
 */
const shortTraces = ['--stack-trace-limit=1'];

/**
 * Resolves a module of the Pulumi SDK from a program's folder.
 *
 * @throws {Error} with the same message as Pulumi's host if the folder has no SDK
 */
function locateModule(name: string, folder: string, installCommand: string): string {
  try {
    return createRequire(join(realpathSync(folder), 'index.js')).resolve(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new Error(
      `It looks like the Pulumi SDK has not been installed. Have you run ${installCommand}?`,
    );
  }
}

/** A gRPC request to run a program, with the fields that this host reads. */
interface RunRequest {
  getProject(): string;
  getStack(): string;
  getOrganization(): string;
  getDryrun(): boolean;
  getParallel(): number;
  getMonitorAddress(): string;
  getConfigMap(): { toObject(): [string, string][] };
  getConfigsecretkeysList(): string[];
  getInfo(): { getRootDirectory(): string; getProgramDirectory(): string; getEntryPoint(): string };
}

/**
 * A gRPC request to run a plugin, with the fields that this host reads, and the stream for the
 * plugin's output.
 */
interface PluginCall {
  readonly request: {
    /** Returns the arguments, which include the engine's address. */
    getArgsList(): string[];
    /** Returns the environment variables in the form NAME=VALUE. */
    getEnvList(): string[];
    getInfo(): { getProgramDirectory(): string };
  };
  write(response: unknown): void;
  on(event: 'cancelled', listener: () => void): void;
  end(): void;
}

type Callback = (error: Error | null, response?: unknown) => void;

const engineAddress = process.argv.at(-1) as string;

const children = new Set<ChildProcess>();

/** Registers a child process, so that {@link endWithEngine} can kill it. */
function track<Child extends ChildProcess>(child: Child): Child {
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/**
 * Exits and kills all child processes when the engine is gone, as Pulumi's host does. Otherwise a
 * program whose engine was killed would keep reporting errors to the engine until it runs out of
 * memory.
 */
function endWithEngine(): void {
  const engine = process.ppid;
  const checkInterval = 1_000;
  setInterval(() => {
    if (process.ppid === engine) return;
    for (const child of children) child.kill('SIGKILL');
    process.exit(1);
  }, checkInterval);
}

function runProgram({ request }: { request: RunRequest }, callback: Callback): void {
  const info = request.getInfo();
  let runner: string;
  try {
    runner = locateModule('@pulumi/pulumi/cmd/run', info.getProgramDirectory(), 'pulumi install');
  } catch (error) {
    const response = new language.RunResponse();
    response.setError((error as Error).message);
    callback(null, response);
    return;
  }
  const options = {
    monitor: request.getMonitorAddress(),
    engine: engineAddress,
    project: request.getProject(),
    stack: request.getStack(),
    organization: request.getOrganization(),
    'root-directory': info.getRootDirectory(),
    pwd: info.getProgramDirectory(),
    parallel: String(request.getParallel()),
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const program = [...(request.getDryrun() ? ['--dry-run'] : []), info.getEntryPoint() || '.'];
  const env = {
    ...process.env,
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toObject())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
  };
  const child = track(
    spawn('node', [...shortTraces, runner, ...args, ...program], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env,
    }),
  );
  child.once('exit', (code) => {
    const response = new language.RunResponse();
    // Exit code 32 means that the program has already reported the error.
    if (code === 32) response.setBail(true);
    else if (code !== 0) response.setError(`Program exited with non-zero exit code: ${code}`);
    callback(null, response);
  });
}

/** Runs a policy pack. The pack prints its port and runs until the engine cancels the request. */
function runPlugin(call: PluginCall): void {
  const { request } = call;
  const variables = request.getEnvList().map((variable) => {
    const equals = variable.indexOf('=');
    return [variable.slice(0, equals), variable.slice(equals + 1)] as const;
  });
  const folder = request.getInfo().getProgramDirectory();
  const runner = locateModule(
    '@pulumi/pulumi/cmd/run-policy-pack',
    folder,
    `npm install in ${folder}`,
  );
  const child = track(
    spawn('node', [...shortTraces, runner, ...request.getArgsList(), folder], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...Object.fromEntries(variables) },
    }),
  );
  const told = (set: (response: InstanceType<typeof language.RunPluginResponse>) => void) => {
    const response = new language.RunPluginResponse();
    set(response);
    call.write(response);
  };
  child.stdout.on('data', (text: Buffer) => told((response) => response.setStdout(text)));
  child.stderr.on('data', (text: Buffer) => told((response) => response.setStderr(text)));
  child.once('close', (code) => {
    told((response) => response.setExitcode(code ?? 1));
    call.end();
  });
  call.on('cancelled', () => child.kill());
}

const answer = (response: () => unknown) => (_call: unknown, callback: Callback) =>
  callback(null, response());

endWithEngine();

const server = new grpc.Server();
server.addService(LanguageRuntimeService, {
  run: runProgram,
  runPlugin,
  handshake: answer(() => new language.LanguageHandshakeResponse()),
  getPluginInfo: answer(() => {
    const info = new plugin.PluginInfo();
    info.setVersion('0.0.0');
    return info;
  }),
  getRequiredPackages: answer(() => new language.GetRequiredPackagesResponse()),
  getRequiredPlugins: answer(() => new language.GetRequiredPluginsResponse()),
  getProgramDependencies: answer(() => new language.GetProgramDependenciesResponse()),
  about: answer(() => new language.AboutResponse()),
  installDependencies: (call: { end(): void }) => call.end(),
});
server.bindAsync(
  '127.0.0.1:0',
  grpc.ServerCredentials.createInsecure(),
  (error: Error | null, port: number) => {
    if (error) throw error;
    process.stdout.write(`${port}\n`);
  },
);
