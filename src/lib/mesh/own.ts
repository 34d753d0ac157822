import {INIT_NAMES, PROXY_LABELS, SIDECAR_NAMES} from './names.ts';

/** Whether a container has a name that the mesh gives to one with words of its own; users give it to theirs, too. */
export function isNamedLikeMesh(name: string): boolean {
  return INIT_NAMES.includes(name) || SIDECAR_NAMES.includes(name);
}

/** What of a pod tells whose its containers are. */
export interface Shown {
  labels: readonly string[];
  containers: readonly Words[];
  initContainers: readonly Words[];
}

/** Names of containers. */
export interface Proven {
  containers: Set<string>;
  initContainers: Set<string>;
}

export interface Words {
  name: string;
  image: string;
  /** Command and arguments. */
  words: readonly string[];
}

/** The injector's script, whatever its image is called by a mirror; it begins with these. */
const RULES = /\biptables(?:-restore|-nft|-legacy)?\b/;
const SCRIPT_HEAD = 2000;
const PROXY = /^(?:envoy(?:-|$)|pipy(?:-|$))/;

/**
 * The names of a pod's containers that are proven to be the mesh's: the pod shows its label or its init container, and
 * image or first word is the proxy's. Of others a user may have put anything into the words.
 */
export function provenOfMesh({labels, containers, initContainers}: Shown): Proven {
  const init = new Set(initContainers.filter(isInit).map(({name}) => name));
  const meshed = init.size > 0 || PROXY_LABELS.some((label) => labels.includes(label));
  return {containers: new Set(meshed ? containers.filter(isProxy).map(({name}) => name) : []), initContainers: init};
}

function isInit({name, words}: Words): boolean {
  return INIT_NAMES.includes(name) && words.some((word) => RULES.test(word.slice(0, SCRIPT_HEAD)));
}

function isProxy({name, image, words}: Words): boolean {
  return SIDECAR_NAMES.includes(name) && (PROXY.test(lastOf(image)) || PROXY.test(lastOf(words[0] ?? '')));
}

/** The last part of an image's or a program's name, without tag and digest. */
function lastOf(name: string): string {
  return name.split('@', 1)[0]!.split('/').at(-1)!.split(':', 1)[0]!;
}
