import {MESH_PREFIXES, PROXY_LABELS} from '../../mesh/names.ts';
import {isNamedLikeMesh, provenOfMesh, type Words} from '../../mesh/own.ts';
import type {Container, LifecycleHook, PodSpec, Template} from '../../model/pod.ts';
import {cleanLines} from '../sanitize.ts';
import {shownWords} from '../shown.ts';
import {defined, integer, list, object, strings, text, type Raw} from './read.ts';
import {handlerOf, probesOf} from './probe.ts';

/** A pod template: of a ReplicaSet, Job, StatefulSet, … or the pod that `kubectl apply` was given. */
export function templateOf(raw: Raw): Template {
  const metadata = object(raw.metadata);
  return {...specOf(object(raw.spec)), labels: meshLabels(metadata.labels), annotations: meshLabels(metadata.annotations)};
}

/** A pod's spec; in a template nothing is injected yet, so no words are kept of any container. */
export function specOf(spec: Raw, own: OwnWords = NONE): PodSpec {
  const security = object(spec.securityContext);
  return defined({
    containers: list(spec.containers).map((one) => containerOf(one, own.containers)),
    initContainers: list(spec.initContainers).map((one) => containerOf(one, own.initContainers)),
    hostNetwork: spec.hostNetwork === true,
    runAsUser: integer(security.runAsUser),
    runAsNonRoot: security.runAsNonRoot === true ? true : undefined,
    os: text(object(spec.os).name) || text(object(spec.nodeSelector)['kubernetes.io/os']) || undefined,
    volumes: list(spec.volumes).map((volume) => text(volume.name)).filter((name) => !name.startsWith('kube-api-access-')),
    restartPolicy: text(spec.restartPolicy) || 'Always',
  });
}

/** True for the labels and annotations that the mesh reads or writes; others are not kept. */
export function isMeshLabel(key: string): boolean {
  return PROXY_LABELS.includes(key) || MESH_PREFIXES.some((prefix) => key.startsWith(prefix));
}

export function meshLabels(value: unknown): Record<string, string> {
  return strings(value, isMeshLabel);
}

/** By name, the words that are kept: they tell the release and the iptables rules. */
interface OwnWords {
  containers: ReadonlyMap<string, string[]>;
  initContainers: ReadonlyMap<string, string[]>;
}

const NONE: OwnWords = {containers: new Map(), initContainers: new Map()};

/** Command and arguments of a pod's containers that are proven to be the mesh's, without what looks like a secret. */
export function ownWords(metadata: Raw, spec: Raw): OwnWords {
  const [containers, initContainers] = [namedLikeMesh(spec.containers), namedLikeMesh(spec.initContainers)];
  const proven = provenOfMesh({labels: Object.keys(object(metadata.labels)), containers, initContainers});
  const kept = (all: typeof containers, names: Set<string>, shown: (words: string[]) => string[]) =>
    new Map(all.filter(({name}) => names.has(name)).map(({name, words}) => [name, shown(words)]));
  return {
    containers: kept(containers, proven.containers, shownWords),
    // The script is the injector's own.
    initContainers: kept(initContainers, proven.initContainers, (words) => words),
  };
}

function namedLikeMesh(containers: unknown): (Words & {words: string[]})[] {
  return list(containers).filter(({name}) => isNamedLikeMesh(text(name))).map(wordsOf);
}

function wordsOf(raw: Raw): Words & {words: string[]} {
  return {name: text(raw.name), image: text(raw.image), words: [...lines(raw.command), ...lines(raw.args)]};
}

function containerOf(raw: Raw, own: ReadonlyMap<string, string[]>): Container {
  const security = object(raw.securityContext);
  const limits = object(object(raw.resources).limits);
  const name = text(raw.name);
  const words = own.get(name);
  return defined({
    name,
    image: text(raw.image),
    ports: list(raw.ports).map((port) =>
      defined({name: text(port.name) || undefined, containerPort: integer(port.containerPort) ?? 0, hostPort: integer(port.hostPort)}),
    ),
    probes: probesOf(raw),
    hooks: hooksOf(object(raw.lifecycle)),
    args: words ?? [],
    env: words ? list(raw.env).map((variable) => text(variable.name)) : [],
    restartPolicy: text(raw.restartPolicy) || undefined,
    runAsUser: integer(security.runAsUser),
    runAsNonRoot: typeof security.runAsNonRoot === 'boolean' ? security.runAsNonRoot : undefined,
    allowPrivilegeEscalation: typeof security.allowPrivilegeEscalation === 'boolean' ? security.allowPrivilegeEscalation : undefined,
    privileged: typeof security.privileged === 'boolean' ? security.privileged : undefined,
    imagePullPolicy: text(raw.imagePullPolicy) || undefined,
    cpuLimit: text(limits.cpu) || undefined,
    memoryLimit: text(limits.memory) || undefined,
  });
}

function lines(value: unknown): string[] {
  return Array.isArray(value) ? value.map((one) => (typeof one === 'string' ? cleanLines(one) : '')) : [];
}

function hooksOf(lifecycle: Raw): LifecycleHook[] {
  return (['postStart', 'preStop'] as const).flatMap((hook) => (lifecycle[hook] ? [{hook, handler: handlerOf(object(lifecycle[hook]))}] : []));
}
