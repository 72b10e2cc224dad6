import * as pulumi from '@pulumi/pulumi';

/**
 * Takes resources into the stack that exist already, because the answer to their creation was lost: Google then refuses to
 * create them again (409). `pulumi up -c andamio:adopt=firestore=projects/P/databases/D` names each with its id, separated by
 * spaces; once they are in the state, the setting is dropped.
 */
export function adopt(pairs: string | undefined): void {
  if (pairs === undefined) return;
  const ids = new Map(
    pairs.split(' ').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  pulumi.runtime.registerStackTransformation(({ name, props, opts }) => {
    const id = ids.get(name);
    return id === undefined ? undefined : { props, opts: { ...opts, import: id } };
  });
}
