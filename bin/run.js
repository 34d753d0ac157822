#!/usr/bin/env node
import {dirname} from 'node:path';
import {fileURLToPath} from 'node:url';

// Help in fewer columns breaks the templates of its library, which asks for its width when it is loaded.
const LEAST_COLUMNS = 60;
if (process.stdout.isTTY && !(process.stdout.columns >= LEAST_COLUMNS)) process.env.OCLIF_COLUMNS ??= String(LEAST_COLUMNS);

const {main} = await import('../dist/main.js');
await main(dirname(dirname(fileURLToPath(import.meta.url))));
