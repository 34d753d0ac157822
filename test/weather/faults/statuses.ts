import {status, text} from '../../support/api-server.ts';
import {TEXTS} from '../strange.ts';
import {always, BROKEN_HEADERS, HTML, JSON_TYPE, type Row} from './fault.ts';

const STATUSES = [
  100, 199, 205, 206, 300, 304, 400, 401, 402, 403, 404, 405, 406, 409, 410, 413, 415, 418, 422, 429, 431, 451, 500,
  501, 502, 503, 504, 505, 511, 599,
];

/** Answers that are no 200. */
export const statusFaults: Row[] = [
  ...STATUSES.filter((code) => code >= 300).map((code): Row => [
    `status-${code}`,
    'nothing',
    always(status(code, `weather ${code}`, BROKEN_HEADERS)),
  ]),
  ...[401, 403, 404, 500, 503].flatMap((code): Row[] => [
    [`status-${code}-html`, 'nothing', always(text(code, HTML, {'content-type': 'text/html', ...BROKEN_HEADERS}))],
    [`status-${code}-empty`, 'nothing', always(text(code, '', BROKEN_HEADERS))],
    [`status-${code}-null`, 'nothing', always(text(code, 'null', BROKEN_HEADERS))],
    [
      `status-${code}-odd-message`,
      'nothing',
      always(text(code, JSON.stringify({kind: 'Status', message: {a: [1]}, code: 'x', details: null}), BROKEN_HEADERS)),
    ],
    [
      `status-${code}-escapes`,
      'nothing',
      always(status(code, `no ${TEXTS['escape']}${TEXTS['bidi']}${TEXTS['zero-width']}`, BROKEN_HEADERS)),
    ],
    [`status-${code}-long`, 'nothing', always(status(code, TEXTS['dashes']!.repeat(20), BROKEN_HEADERS))],
    [
      `status-${code}-silent-body`,
      'nothing',
      () => (_, response) => void response.writeHead(code, {...JSON_TYPE, 'retry-after': '0'}).write('{'),
    ],
    [
      `status-${code}-endless-body`,
      'nothing',
      () => (_, response) => {
        response.writeHead(code, {...JSON_TYPE, 'retry-after': '0'});
        const more = (): void =>
          void (
            response.destroyed ||
            (response.write('x'.repeat(65_536)) ? setImmediate(more) : response.once('drain', more))
          );
        more();
      },
    ],
  ]),
  ...['1', '86400', '-1', 'soon', '', '1e9', 'Wed, 21 Oct 2099 07:28:00 GMT', '9'.repeat(400)].flatMap((after): Row[] =>
    [429, 503].map((code): Row => [
      `status-${code}-retry-after-${after.slice(0, 12).replaceAll(/\W/g, '_')}`,
      'nothing',
      always(status(code, 'slow down', {'retry-after': after})),
    ]),
  ),
  ...[500, 502, 504].map((code): Row => [`status-${code}-no-retry-after`, 'nothing', always(status(code, 'weather'))]),
  ['status-204', 'nothing', () => (_, response) => void response.writeHead(204).end()],
  ['status-206', 'nothing', (good) => text(206, good.slice(0, 100), {'content-range': 'bytes 0-99/5000'})],
  [
    'redirect-to-itself',
    'nothing',
    () => (request, response) => void response.writeHead(302, {location: request.url!}).end(),
  ],
  [
    'redirect-to-login',
    'nothing',
    () => (_, response) =>
      void response.writeHead(302, {location: 'http://127.0.0.1:1/login?token=s3cr3t-MARK-01'}).end(),
  ],
  ['redirect-to-nowhere', 'nothing', () => (_, response) => void response.writeHead(301).end()],
  [
    'redirect-long',
    'nothing',
    () => (_, response) => void response.writeHead(308, {location: `/${'x'.repeat(15_000)}`}).end(),
  ],
];
