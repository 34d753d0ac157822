/** What one mesh calls its own parts. Texts about them hold `{healthcheck}` and the like, and are filled in for the pod's own mesh. */
export interface MeshWords {
  proxy: string;
  healthcheck: string;
  init: string;
  injector: string;
  controller: string;
  /** The namespace of its control plane. */
  system: string;
  /** The prefix of its labels and annotations. */
  prefix: string;
}

export const OSM_WORDS: MeshWords = {proxy: 'Envoy', healthcheck: 'osm-healthcheck', init: 'osm-init', injector: 'osm-injector', controller: 'osm-controller', system: 'osm-system', prefix: 'openservicemesh.io'};
export const FSM_WORDS: MeshWords = {proxy: 'Pipy', healthcheck: 'fsm-healthcheck', init: 'fsm-init', injector: 'fsm-injector', controller: 'fsm-controller', system: 'fsm-system', prefix: 'flomesh.io'};

/** A text with a mesh's own names; the longer ones of OSM where no mesh is known. */
export function inWords(text: string, words: MeshWords = OSM_WORDS): string {
  return text.includes('{') ? text.replace(/\{(proxy|healthcheck|init|injector|controller|system|prefix)\}/g, (_, key: keyof MeshWords) => words[key]) : text;
}

/** The names in the release that made a pod: osm-edge keeps OSM's, but for its proxy. */
export function wordsOf(profile: {id: string; proxy: string} | undefined): MeshWords {
  if (profile?.id.startsWith('fsm')) return FSM_WORDS;
  return profile?.proxy === 'pipy' ? {...OSM_WORDS, proxy: FSM_WORDS.proxy} : OSM_WORDS;
}
