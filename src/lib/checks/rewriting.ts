import type {Check} from './check.ts';
import {falsePass, grpcUnreachable, healthcheckHeader, ipv6, nativeSidecar, notRewritten, onlyConnect, rewrittenOtherwise, shorterTimeout} from './dialect.ts';
import {alreadyRewritten, execLeaves, hostSet, lifecycleHook, pathAsUrl, pathWithoutSlash, reservedPort, unresolvedPort} from './manifest.ts';
import {noHealthcheck, noListener, protocolClash, sharedTarget} from './shared.ts';

/** Checks of the pod's probes against what the mesh makes of the template, in reading order. */
export const REWRITING: Check[] = [
  alreadyRewritten,
  unresolvedPort,
  hostSet,
  pathWithoutSlash,
  pathAsUrl,
  sharedTarget,
  noListener,
  noHealthcheck,
  protocolClash,
  notRewritten,
  grpcUnreachable,
  rewrittenOtherwise,
  healthcheckHeader,
  falsePass,
  onlyConnect,
  shorterTimeout,
  ipv6,
  reservedPort,
  lifecycleHook,
  nativeSidecar,
  execLeaves,
];
