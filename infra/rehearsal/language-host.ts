// A language host for Node, for machines where Pulumi's own is not installed: the engine starts a program of the name
// pulumi-language-nodejs, reads its port, and asks it to run programs and policy packs. Runs this project's kind alone: no
// compiler, no dependencies to install.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const fromPulumi = createRequire(require.resolve('@pulumi/pulumi'));
const grpc = fromPulumi('@grpc/grpc-js');
const { LanguageRuntimeService } = require('@pulumi/pulumi/proto/language_grpc_pb.js');
const language = require('@pulumi/pulumi/proto/language_pb.js');
const plugin = require('@pulumi/pulumi/proto/plugin_pb.js');
const runner = require.resolve('@pulumi/pulumi/cmd/run');

/** What runs a pack is that of the Pulumi which the pack's own @pulumi/policy uses. */
function packRunner(folder: string): string {
  const policy = createRequire(join(folder, 'package.json')).resolve('@pulumi/policy');
  return createRequire(policy).resolve('@pulumi/pulumi/cmd/run-policy-pack');
}

/** The part of a gRPC request to run a program that is used here. */
interface RunRequest {
  getProject(): string;
  getStack(): string;
  getOrganization(): string;
  getPwd(): string;
  getDryrun(): boolean;
  getParallel(): number;
  getMonitorAddress(): string;
  getConfigMap(): { toObject(): [string, string][] };
  getConfigsecretkeysList(): string[];
  getInfo(): { getProgramDirectory(): string; getEntryPoint(): string };
}

/** The part of a gRPC request to run a plugin that is used here, with the stream that takes what it prints. */
interface PluginCall {
  readonly request: {
    /** The address of the engine. */
    getArgsList(): string[];
    /** NAME=VALUE */
    getEnvList(): string[];
    getInfo(): { getProgramDirectory(): string };
  };
  write(response: unknown): void;
  on(event: 'cancelled', listener: () => void): void;
  end(): void;
}

type Callback = (error: Error | null, response?: unknown) => void;

const engineAddress = process.argv.at(-1) as string;

function runProgram({ request }: { request: RunRequest }, callback: Callback): void {
  const info = request.getInfo();
  const options = {
    monitor: request.getMonitorAddress(),
    engine: engineAddress,
    project: request.getProject(),
    stack: request.getStack(),
    organization: request.getOrganization(),
    pwd: info.getProgramDirectory() || request.getPwd(),
    parallel: String(request.getParallel()),
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(
    process.execPath,
    [runner, ...args, ...(request.getDryrun() ? ['--dry-run'] : []), info.getEntryPoint() || '.'],
    {
      cwd: options.pwd,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toObject())),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
      },
    },
  );
  child.once('exit', (code) => {
    const response = new language.RunResponse();
    // 32: the program has said itself what is wrong.
    if (code === 32) response.setBail(true);
    else if (code !== 0) response.setError(`The program ended with exit code ${code}.`);
    callback(null, response);
  });
}

/** Runs a policy pack; it prints the port at which it answers, and lives until the engine cancels the call. */
function runPlugin(call: PluginCall): void {
  const { request } = call;
  const variables = request.getEnvList().map((variable) => {
    const equals = variable.indexOf('=');
    return [variable.slice(0, equals), variable.slice(equals + 1)] as const;
  });
  const folder = request.getInfo().getProgramDirectory();
  const child = spawn(process.execPath, [packRunner(folder), ...request.getArgsList(), folder], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...Object.fromEntries(variables) },
  });
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

const answer = (response: () => unknown) => (_call: unknown, callback: Callback) => callback(null, response());

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
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error: Error | null, port: number) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
