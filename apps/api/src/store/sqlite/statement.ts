import type {
  DatabaseSync,
  SQLInputValue,
  SQLOutputValue,
  StatementResultingChanges,
} from 'node:sqlite';

type Parameters = object;
type Row = Record<string, SQLOutputValue>;

/** A prepared statement with named parameters. Values with other names are ignored. */
export interface Statement {
  get(parameters: Parameters): Row | undefined;
  all(parameters: Parameters): Row[];
  run(parameters: Parameters): StatementResultingChanges;
}

/**
 * Prepares a statement with named parameters such as `:userId`. It binds them by position, because
 * `node:sqlite` takes 0.3 µs longer for each parameter that it binds by name. Binding by name took
 * up to a fifth of the time of issuing a key.
 *
 * @throws TypeError when the statement is run without one of its parameters.
 */
export function prepare(database: DatabaseSync, source: string): Statement {
  const names: string[] = [];
  const positional = source.replaceAll(/:(\w+)/g, (_, name: string) => {
    if (!names.includes(name)) names.push(name);
    return `?${names.indexOf(name) + 1}`;
  });
  const statement = database.prepare(positional);
  const valuesOf = (parameters: Parameters) =>
    names.map(
      (name) => (parameters as Readonly<Record<string, SQLInputValue>>)[name] as SQLInputValue,
    );
  return {
    get: (parameters) => statement.get(...valuesOf(parameters)),
    all: (parameters) => statement.all(...valuesOf(parameters)),
    run: (parameters) => statement.run(...valuesOf(parameters)),
  };
}
