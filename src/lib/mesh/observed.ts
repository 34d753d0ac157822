import type {Endpoint, ProbeListener} from '../model/path.ts';
import type {ProbeType} from '../model/probe.ts';

/** Whose probe a listener serves is not in the dump: the containers whose declared port it leads to. */
export function namedAfter(listeners: ProbeListener[], expected: ProbeListener[], whose: (type: ProbeType, port: number) => string[]): ProbeListener[] {
  const named = (type: ProbeType, to: Endpoint): Endpoint => {
    const same = expected.filter((one) => one.type === type).flatMap((one) => [...one.routes.map((route) => route.to), ...(one.relay ? [one.relay.to] : [])]).find(({port}) => port === to.port);
    return {...to, tls: same?.tls ?? to.tls, containers: same?.containers ?? whose(type, to.port)};
  };
  return listeners.map((one) => ({
    ...one,
    routes: one.routes.map((route) => ({...route, to: named(one.type, route.to)})),
    ...(one.relay ? {relay: {...one.relay, to: named(one.type, one.relay.to)}} : {}),
  }));
}
