import assert from 'node:assert/strict';
import {mkdtempSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {isDeepStrictEqual} from 'node:util';
import {run, type Ran} from '../support/run.ts';
import {apply, forget, IMAGE, joinMesh, kubectl} from './kubectl.ts';
import {manifestsOf, SITUATIONS, type Situation} from './situations.ts';

const ZOO = process.env['OSM_PROBES_ZOO'] ?? 'osm-probes-zoo';
const ENV = {KUBECONFIG: process.env['KUBECONFIG']};
const BATCH = 12;
const SETTLE_MS = 330_000;

interface Row {
  workload: {name: string; kind: string};
  container: string;
  probe: string;
  verdict: string;
  why: string;
}
interface Document {
  probes: Row[];
  findings: {code: string; severity: string; fingerprint: string; workload: {name: string}}[];
}

/** What verify says of each situation, in the form that the table expects. */
function saidOf(document: Document, {name}: Situation): {verdicts: Record<string, string>; codes: string[]} {
  const mine = document.probes.filter(({workload}) => workload.name === name);
  return {
    verdicts: Object.fromEntries(mine.filter(({verdict}) => verdict !== 'pass').map(({container, probe, verdict}) => [`${container} ${probe}`, verdict])),
    codes: [...new Set(document.findings.filter(({workload}) => workload.name === name).map(({code}) => code))].sort(),
  };
}

const wantedOf = ({verdicts = {}, codes = []}: Situation) => ({verdicts, codes});

function isAsWanted(document: Document, situation: Situation): boolean {
  const said = JSON.stringify(saidOf(document, situation));
  return [wantedOf(situation), ...(situation.or ? [{...wantedOf(situation), codes: situation.or}] : [])].some((want) => JSON.stringify(want) === said);
}

async function look(): Promise<{ran: Ran; document: Document}> {
  const ran = await run(['verify', '-n', ZOO, '-o', 'json'], ENV);
  assert.notEqual(ran.stdout, '', ran.stderr);
  return {ran, document: JSON.parse(ran.stdout) as Document};
}

function settled(document: Document): boolean {
  return SITUATIONS.every((situation) => document.probes.some(({workload}) => workload.name === situation.name) && isAsWanted(document, situation));
}

describe('verify on a real mesh', () => {
  let document: Document;

  before(async function () {
    if (!ENV.KUBECONFIG) throw new Error('KUBECONFIG names no cluster');
    joinMesh(ZOO);
    for (let at = 0; at < SITUATIONS.length; at += BATCH) {
      const batch = SITUATIONS.slice(at, at + BATCH);
      apply(ZOO, batch.flatMap((situation) => manifestsOf(situation, IMAGE)));
      await new Promise((done) => setTimeout(done, 10_000));
    }
    const deadline = Date.now() + SETTLE_MS;
    do {
      await new Promise((done) => setTimeout(done, 5_000));
      ({document} = await look());
    } while (!settled(document) && Date.now() < deadline);
  });

  after(() => {
    if (!process.env['OSM_PROBES_KEEP']) forget([ZOO]);
  });

  for (const situation of SITUATIONS) {
    it(`${situation.name} (${situation.row}): ${situation.codes?.join(', ') ?? 'nothing to say'}`, () => {
      assert.ok(document.probes.some(({workload}) => workload.name === situation.name), 'in scope');
      if (!isAsWanted(document, situation)) assert.deepEqual(saidOf(document, situation), wantedOf(situation), JSON.stringify(document.probes.filter(({workload}) => workload.name === situation.name)));
    });
  }

  it('healthy ones alone exit 0', async () => {
    const {code, stdout} = await run(['verify', '-n', ZOO, '-l', 'app in (healthy,healthy-three,healthy-https,tcp-tcp)'], ENV);
    assert.equal(code, 0, stdout);
  });

  it('a deleted failing one turns 1 into 0', async () => {
    const args = ['verify', '-n', ZOO, '-l', 'app in (healthy,http-http)'];
    assert.equal((await run(args, ENV)).code, 1);
    kubectl(['delete', 'deploy/http-http', '-n', ZOO]);
    assert.equal((await run(args, ENV)).code, 0);
  });

  it('a snapshot is judged as the cluster is', async function () {
    const plain = ({probes, findings}: Document) => ({probes: probes.map(({workload, container, probe, verdict, why}) => ({workload, container, probe, verdict, why: why.replaceAll(/[\d.]+/g, 'N')})), findings: findings.map(({code, fingerprint}) => ({code, fingerprint}))});
    // A cluster moves on: a snapshot between two looks must agree with them, as soon as it falls into a quiet moment.
    for (let attempt = 0; ; attempt++) {
      const to = join(mkdtempSync(join(tmpdir(), 'osm-probes-e2e-')), 'zoo.tgz');
      const before = plain((await look()).document);
      assert.equal((await run(['snapshot', '-n', ZOO, '--to', to], ENV)).code, 0);
      const recorded = plain(JSON.parse((await run(['verify', '--from', to, '-o', 'json'])).stdout) as Document);
      const after = plain((await look()).document);
      const quiet = isDeepStrictEqual(before, after);
      if (attempt < 5 && !(quiet && isDeepStrictEqual(recorded, after))) continue;
      assert.deepEqual(recorded, after);
      return;
    }
  });

  it('nothing is said of healthy pods when each is looked into, and Envoy has what the mesh promises', async () => {
    const {stdout} = await run(['verify', '-n', ZOO, '--live', 'always', '-o', 'json'], ENV);
    const {findings} = JSON.parse(stdout) as Document;
    const healthy = SITUATIONS.filter(({codes}) => !codes);
    for (const {name, looked = []} of healthy) assert.deepEqual([...new Set(findings.filter(({workload}) => workload.name === name).map(({code}) => code))], looked, name);
    assert.deepEqual(findings.filter(({code}) => code === 'OSMP301'), []);
  });

  it('a user who may not list events learns which right is missing, and what is known without', async () => {
    kubectl(['create', 'role', 'eyes', '-n', ZOO, '--verb=get,list', '--resource=pods,replicasets.apps,statefulsets.apps,daemonsets.apps,controllerrevisions.apps']);
    kubectl(['create', 'rolebinding', 'eyes', '-n', ZOO, '--role=eyes', '--user=dev']);
    const {code, stdout} = await run(['verify', 'deploy/healthy', '-n', ZOO, '--as', 'dev', '--show', 'all'], ENV);
    assert.match(stdout, /user "dev" cannot|User "dev" cannot list resource "events"/i);
    assert.match(stdout, /kubectl auth can-i list events -n \S+ --as dev/);
    assert.match(stdout, /readiness .* pass/);
    assert.equal(code, 4);
  });

  it('a user who may list nothing gets one error', async () => {
    const {code, stderr} = await run(['verify', '-n', ZOO, '--as', 'nobody'], ENV);
    assert.equal(code, 3);
    assert.match(stderr, /403/);
  });

  it('a selector that matches nothing is not green', async () => assert.equal((await run(['verify', '-n', ZOO, '-l', 'app=nosuch'], ENV)).code, 4));
  it('an unknown namespace is an error', async () => assert.equal((await run(['verify', '-n', 'nosuch'], ENV)).code, 3));
});
