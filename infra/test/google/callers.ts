import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const grpc = createRequire(require.resolve('@pulumi/pulumi'))('@grpc/grpc-js');

type Handler = (...args: unknown[]) => unknown;

const callers = new AsyncLocalStorage<string>();

/**
 * Returns the caller of the current request, or undefined if the request arrived on the default
 * port.
 */
export function callerOfPort(): string | undefined {
  return callers.getStore();
}

/**
 * Opens another loopback port on which the given member is the caller of all requests. The port
 * offers the same gRPC service as the default port.
 *
 * @returns the port
 */
export type ListenAs = (member: string) => Promise<number>;

/**
 * Intercepts the gRPC service that the SDK's server registers, so that other ports can offer it.
 * Must be called before the server starts.
 */
export function furtherPorts(): ListenAs {
  const { addService } = grpc.Server.prototype;
  let offered: readonly [definition: unknown, handlers: object] | undefined;
  grpc.Server.prototype.addService = function add(definition: unknown, handlers: object) {
    offered = [definition, handlers];
    return addService.call(this, definition, handlers);
  };
  return (member) => {
    const [definition, handlers] = offered as [unknown, object];
    const asMember = new Proxy(handlers, {
      get(target, name) {
        const handler = Reflect.get(target, name);
        if (typeof handler !== 'function') return handler;
        return (...args: unknown[]) =>
          callers.run(member, () => (handler as Handler).apply(target, args));
      },
    });
    const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 });
    addService.call(server, definition, asMember);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    server.bindAsync(
      '127.0.0.1:0',
      grpc.ServerCredentials.createInsecure(),
      (error: Error | null, port: number) => (error ? reject(error) : resolve(port)),
    );
    return promise;
  };
}
