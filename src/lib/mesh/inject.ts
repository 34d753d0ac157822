import type {Namespace} from '../model/namespace.ts';
import type {Pod} from '../model/pod.ts';

/** What the injector's rules say of a pod. `yes` and `no` carry why, in words. */
export type Injection = {must: 'yes' | 'no' | 'refused'; why: string};

const FLAVOURS = [
  {prefix: 'openservicemesh.io', system: 'osm-system'},
  {prefix: 'flomesh.io', system: 'fsm-system'},
];
const TRUE = ['enabled', 'yes', 'true'];
const FALSE = ['disabled', 'no', 'false'];

/** Values of the annotation that the injector accepts, in any case; others make it refuse the pod. */
export function isInjectionValue(value: string): boolean {
  return [...TRUE, ...FALSE].includes(value.toLowerCase());
}

/**
 * Whether the injector should have put a sidecar into this pod (osm@v1.2.4:pkg/injector/webhook.go:178-261 and the
 * webhook's namespace selector). Says nothing of when: a pod may be older than its namespace's label.
 */
export function mustInject(pod: Pick<Pod, 'annotations' | 'spec' | 'namespace'>, namespace: Namespace | undefined): Injection {
  if (!namespace) return {must: 'no', why: 'its namespace is unknown'};
  const flavour = FLAVOURS.find(({prefix}) => namespace.labels[`${prefix}/monitored-by`] !== undefined);
  if (!flavour) return {must: 'no', why: `namespace ${namespace.name} is not in the mesh`};
  const {prefix, system} = flavour;
  if (['kube-system', 'kube-public', system].includes(namespace.name)) return {must: 'no', why: `namespace ${namespace.name} is never injected`};
  if (`${prefix}/ignore` in namespace.labels) return {must: 'no', why: `namespace ${namespace.name} has the label ${prefix}/ignore`};
  if ('control-plane' in namespace.labels) return {must: 'no', why: `namespace ${namespace.name} has the label control-plane`};
  if (pod.spec.hostNetwork) return {must: 'no', why: 'hostNetwork: true'};
  const key = `${prefix}/sidecar-injection`;
  const inherited = namespace.annotations[key]?.toLowerCase();
  // The webhook reads the namespace's annotation first and errs on it, whatever the pod says (webhook.go:222-226).
  if (inherited !== undefined && !isInjectionValue(inherited)) return {must: 'refused', why: `annotation ${key}: ${JSON.stringify(namespace.annotations[key])} of namespace ${namespace.name}`};
  const own = pod.annotations[key]?.toLowerCase();
  if (own !== undefined && !isInjectionValue(own)) return {must: 'refused', why: `annotation ${key}: ${JSON.stringify(pod.annotations[key])}`};
  if (own !== undefined && FALSE.includes(own)) return {must: 'no', why: `annotation ${key}: ${own}`};
  if (own !== undefined) return {must: 'yes', why: `annotation ${key}: ${own}`};
  if (inherited !== undefined && TRUE.includes(inherited)) return {must: 'yes', why: `namespace ${namespace.name} has ${key}: ${inherited}`};
  return {must: 'no', why: `namespace ${namespace.name} does not enable injection`};
}
