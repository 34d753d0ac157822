import {isInjectionValue} from '../mesh/inject.ts';
import {BOOTSTRAP_VOLUMES} from '../mesh/names.ts';
import {FSM_WORDS, inWords, OSM_WORDS, type MeshWords} from '../mesh/words.ts';
import type {Blame} from '../model/finding.ts';
import type {RefusedCase} from './case.ts';

/** The API server's words when the injector's answer was none: it refused, whatever the reason. */
const REFUSED_BY_INJECTOR = /failed calling webhook "(osm|fsm)-inject\.k8s\.io".{0,200}expected response\.uid=/;

/** Words of the API server when it refuses to create a pod (kubelet-facts §4.2), and what each means. */
const REFUSALS: {pattern: Pick<RegExp, 'test'>; blame: Blame; why: string; because: string; fix: string; see?: string}[] = [
  {
    pattern: REFUSED_BY_INJECTOR,
    blame: 'not yet known',
    why: 'the injector refuses the pod',
    because: 'the injector refused; only its log says why (an annotation value, a manifest exported from another namespace, …)',
    fix: "what the injector's log names",
    see: 'logs -n {system} deploy/{injector} --tail 50',
  },
  {
    pattern: /failed calling webhook "(osm|fsm)-inject\.k8s\.io"/,
    blame: 'control plane',
    why: 'the injector does not answer',
    because: 'the API server cannot reach the injector',
    fix: 'the injector and its Service; where the mesh was removed, its MutatingWebhookConfiguration',
    see: 'get pods,endpoints -n {system}',
  },
  {pattern: /must specify a handler type/, blame: 'mesh', why: 'the injector drops the gRPC probe', because: 'the injector decodes the pod with an API that has no grpc probes', fix: 'a newer release of the mesh, or an exec probe'},
  {pattern: /may not be set for init containers without restartPolicy=Always/, blame: 'mesh', why: 'native sidecar is not kept', because: 'the injector drops restartPolicy: Always of an init container that has a probe', fix: 'an ordinary container instead'},
  // The API server names the containers: where none is the mesh's, the mesh has no part in it.
  {pattern: {test: forbidsOnlyTheApp}, blame: 'spec', why: 'Pod Security forbids the app', because: "the enforced level forbids what the pod's own containers ask for", fix: 'what the message names, in the manifest'},
  {pattern: /violates PodSecurity/, blame: 'policy', why: 'Pod Security forbids the pod', because: '{init} needs NET_ADMIN and root, which the enforced level forbids', fix: 'pod-security.kubernetes.io/enforce: privileged for the namespace'},
  {pattern: /exceeded quota/, blame: 'policy', why: 'the quota is used up', because: 'the ResourceQuota has no room for another pod with what its containers request', fix: 'a larger quota, or smaller requests'},
  {pattern: /failed quota/, blame: 'policy', why: 'the quota forbids the pod', because: 'a ResourceQuota counts the injected containers too, which have no resources of their own', fix: 'a LimitRange with defaults, or a larger quota'},
  {pattern: /minimum (cpu|memory) usage|maximum (cpu|memory) usage/, blame: 'policy', why: 'a LimitRange forbids the pod', because: 'the injected containers are counted too', fix: 'defaults in the LimitRange'},
  {pattern: /admission webhook "([^"]+)" denied/, blame: 'policy', why: 'a policy forbids the pod', because: 'an admission webhook denied it', fix: 'the policy, or an exemption for the containers of the mesh'},
  {pattern: /failed calling webhook/, blame: 'control plane', why: 'a webhook does not answer', because: 'the API server cannot reach an admission webhook', fix: 'that webhook'},
  {pattern: /service ?account "[^"]+" not found/i, blame: 'spec', why: 'the service account is missing', because: 'the service account is not there', fix: 'create it'},
];

function forbidsOnlyTheApp(text: string): boolean {
  const begin = text.indexOf('violates PodSecurity');
  return begin >= 0 && !/"(osm-init|fsm-init|envoy|sidecar|osm-healthcheck|fsm-healthcheck)"/.test(text.slice(begin));
}

export interface Refusal {
  blame: Blame;
  why: string;
  because: string;
  fix: string;
  see?: string;
}

/** True where only the injector's own log can say why it refused. */
export function hidesReason(one: RefusedCase): boolean {
  return REFUSED_BY_INJECTOR.test(one.symptom.text) && ofTemplate(one) === undefined;
}

/** What a refusal means; unexplained where its words are not known. */
export function refusalOf(one: RefusedCase): Refusal {
  const words = wordsOfRefusal(one);
  const {blame, why, because, fix, see} = meaningOf(one);
  return {blame, why, because: inWords(because, words), fix: inWords(fix, words), ...(see === undefined ? {} : {see: inWords(see, words)})};
}

/** Whose injector it is: the webhook's name tells, or else the labels of what it would have injected. */
export function wordsOfRefusal({symptom, owner}: RefusedCase): MeshWords {
  const fsm = /fsm-(inject|init|healthcheck)/.test(symptom.text) || Object.keys(owner.template?.annotations ?? {}).some((key) => key.startsWith(FSM_WORDS.prefix));
  return fsm ? FSM_WORDS : OSM_WORDS;
}

function meaningOf(one: RefusedCase): Refusal {
  const {symptom, commands} = one;
  if (REFUSED_BY_INJECTOR.test(symptom.text)) {
    const told = ofTemplate(one) ?? ofLog(one);
    if (told) return told;
  }
  const known = REFUSALS.find(({pattern}) => pattern.test(symptom.text));
  if (!known) return {blame: 'not yet known', why: 'pods are refused', because: `unexplained: ${symptom.text}`, fix: ''};
  const {blame, why, because, fix, see} = known;
  return {blame, why, because, fix, ...(see === undefined ? {} : {see: commands.kubectl(see)})};
}

/** What the template itself shows the injector to refuse. */
function ofTemplate({owner, workload, commands}: RefusedCase): Refusal | undefined {
  const {template} = owner;
  if (!template) return undefined;
  const see = commands.kubectl(`get ${workload.kind.toLowerCase()} ${workload.name} -n ${workload.namespace} -o yaml`);
  const key = Object.keys(template.annotations).find((name) => name.endsWith('/sidecar-injection'));
  const value = key === undefined ? undefined : template.annotations[key];
  if (value !== undefined && !isInjectionValue(value)) {
    return {blame: 'spec', why: 'the injector refuses the annotation', because: `annotation ${key} is ${JSON.stringify(value)}, which the injector does not accept`, fix: `${key}: enabled or disabled`, see};
  }
  const volume = template.volumes.find((name) => BOOTSTRAP_VOLUMES.includes(name));
  if (volume === undefined) return undefined;
  return {blame: 'spec', why: 'the manifest was exported from a running pod', because: `the template holds the mesh's own volume ${volume}, whose Secret is not in this namespace`, fix: "take the mesh's containers, volume, label and probe ports out of the manifest", see};
}

/** The injector's words, where all that it said of this namespace lately is one thing. */
function ofLog({injectorSays = [], commands}: RefusedCase): Refusal | undefined {
  const said = [...new Set(injectorSays)];
  if (said.length === 0) return undefined;
  const see = commands.kubectl('logs -n {system} deploy/{injector} --tail 50');
  if (said.length > 1) return {blame: 'not yet known', why: 'the injector refuses the pod', because: `of this namespace the injector's log says: ${said.join('; ')}`, fix: 'what the log names', see};
  return {blame: 'spec', why: 'the injector refuses the pod', because: `the injector's log says of this namespace: ${said[0]}`, fix: 'what the log names', see};
}

/** The catalogue's entry of the check that speaks for workloads without pods. */
export const CREATION = {
  code: 'OSMP605',
  slug: 'pods-refused',
  title: 'The API server refuses to create the pods',
  severity: 'error',
  blame: 'not yet known',
  cause: 'An admission webhook, the Pod Security level, a quota, or a pod that is invalid after the injector changed it.',
  fix: 'what the message names',
  cases: ['B4', 'B5', 'B6', 'B8', 'B9', 'B15', 'C10', 'C11'],
} as const;
