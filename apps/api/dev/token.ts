import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { parseArgs } from 'node:util';
import jwt from 'jsonwebtoken';
import { type CompleteSettings, completeSettings } from '../src/process/development-secrets.ts';
import { readSettings, SettingsError } from '../src/settings.ts';
import { explainToken } from './explain-token.ts';
import { sampleClaims } from './sample-claims.ts';

const usage = `npm run token -- --sub USER [--tier pioneer|starter|growth|enterprise] [--scope "apikey:write"] [--alias NAME] [--hours 24]
npm run token -- --explain TOKEN   explains why the service would reject a token; "-" reads it from standard input`;

/** Returns the text of standard input. In a terminal, says first how to enter the token. */
function enteredToken(): string {
  if (isatty(0)) process.stderr.write('Paste the token, then press Enter and Ctrl-D.\n');
  return readFileSync(0, 'utf8');
}

// The exit codes of this program, from sysexits.h.
const exUsage = 64;
const exUnavailable = 69;
const exConfig = 78;

function end(exitCode: number, message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
}

function settingsOrEnd(): CompleteSettings {
  try {
    return completeSettings(readSettings());
  } catch (error) {
    if (error instanceof SettingsError) end(exConfig, error.message);
    throw error;
  }
}

const options = {
  sub: { type: 'string' },
  tier: { type: 'string' },
  scope: { type: 'string' },
  alias: { type: 'string' },
  hours: { type: 'string', default: '24' },
  explain: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

function parameters() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    end(exUsage, `${(error as Error).message}\n${usage}`);
  }
}

const { sub, hours, explain, help, ...others } = parameters();

if (help) {
  process.stdout.write(`${usage}\n`);
} else if (explain !== undefined) {
  const token = (explain === '-' ? enteredToken() : explain).trim();
  try {
    const { accepted, text } = await explainToken(token, settingsOrEnd());
    process.stdout.write(`${text}\n`);
    process.exitCode = accepted ? 0 : 1;
  } catch (error) {
    const { message, cause } = error as Error;
    end(exUnavailable, `${message} ${(cause as Error | undefined)?.message ?? ''}`.trimEnd());
  }
} else if (sub !== undefined && Number(hours) > 0) {
  const { jwt: settings } = settingsOrEnd();
  if (settings.keys.kind !== 'secrets')
    end(exConfig, 'JWT_SECRETS is not set: only the issuer of the keys can sign tokens.');
  const token = jwt.sign(
    sampleClaims(settings, { sub, ...others }),
    settings.keys.secrets[0] as string,
    { algorithm: 'HS256', expiresIn: Math.round(Number(hours) * 3600) },
  );
  process.stdout.write(`${token}\n`);
} else {
  end(exUsage, usage);
}
