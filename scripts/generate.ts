// Writes what is derived from the code: oclif.manifest.json, the checks' page and the tables of the README.
import {readFileSync, writeFileSync} from 'node:fs';
import {Plugin} from '@oclif/core';
import {CATALOGUE} from '../src/lib/checks/index.ts';
import {PROFILES} from '../src/lib/mesh/profiles.ts';

const plugin = new Plugin({errorOnManifestCreate: true, ignoreManifest: true, root: process.cwd(), type: 'core'});
await plugin.load();
writeFileSync('oclif.manifest.json', `${JSON.stringify(plugin.manifest, null, 2)}\n`);

const checks = CATALOGUE.map(
  ({code, slug, title, severity, blame, cause, fix, cases, links}) =>
    `## ${code} ${slug}\n\n${title}.\n\n- severity: ${severity}\n- fault: ${blame}\n- why: ${cause}\n- fix: ${fix || 'none known'}\n${cases.length > 0 ? `- covers: ${cases.join(', ')}\n` : ''}${(links ?? []).map((link) => `- ${link}\n`).join('')}`,
);
writeFileSync('docs/checks.md', `# Checks\n\nGenerated from the code by \`npm run generate\`. Codes are stable and never reused. What no check names is [out of reach](out-of-reach.md).\n\n${checks.join('\n')}`);

const profiles = PROFILES.map(({title, releases, serves, http, tcp}) => `| ${title} | ${releases} | ${serves.winner} | ${http.proof} | ${tcp.to === 'httpGet' ? tcp.path : tcp.to} |`);
const table = ['| mesh | releases | serves, of several | proof | tcpSocket becomes |', '|---|---|---|---|---|', ...profiles].join('\n');
const readme = readFileSync('README.md', 'utf8');
writeFileSync('README.md', readme.replace(/(<!-- profiles -->\n)[\s\S]*(<!-- end -->)/, `$1${table}\n$2`));
