import {INIT_NAMES, MESH_PREFIXES, PROXY_LABELS, SIDECAR_NAMES} from '../../mesh/names.ts';
import type {Container, LifecycleHook, PodSpec, Template} from '../../model/pod.ts';
import {cleanLines} from '../sanitize.ts';
import {defined, integer, list, object, strings, text, type Raw} from './read.ts';
import {handlerOf, probesOf} from './probe.ts';

/** A pod template: of a ReplicaSet, Job, StatefulSet, … or the pod that `kubectl apply` was given. */
export function templateOf(raw: Raw): Template {
  const metadata = object(raw.metadata);
  return {...specOf(object(raw.spec)), labels: meshLabels(metadata.labels), annotations: meshLabels(metadata.annotations)};
}

export function specOf(spec: Raw): PodSpec {
  const security = object(spec.securityContext);
  return defined({
    containers: list(spec.containers).map(containerOf),
    initContainers: list(spec.initContainers).map(containerOf),
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

/** Words of the mesh's own containers are kept: they tell the release and the iptables rules. */
export function keepsWords(name: string): boolean {
  return INIT_NAMES.includes(name) || SIDECAR_NAMES.includes(name);
}

function containerOf(raw: Raw): Container {
  const security = object(raw.securityContext);
  const limits = object(object(raw.resources).limits);
  const name = text(raw.name);
  const words = keepsWords(name);
  return defined({
    name,
    image: text(raw.image),
    ports: list(raw.ports).map((port) =>
      defined({name: text(port.name) || undefined, containerPort: integer(port.containerPort) ?? 0, hostPort: integer(port.hostPort)}),
    ),
    probes: probesOf(raw),
    hooks: hooksOf(object(raw.lifecycle)),
    args: words ? [...lines(raw.command), ...lines(raw.args)] : [],
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
