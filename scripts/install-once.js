// Installs the dependencies on a fresh clone, so that `npm test` and `npm run demo` need no step before them.
import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';

if (!existsSync('node_modules/.package-lock.json')) {
  process.exitCode = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32'}).status ?? 1;
}
