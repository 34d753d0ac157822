/** Stands for what is not shown. */
export const STARS = '***';

/** Words of a name, as `X-Auth-Token` and `apiKey` have them, that make its value a credential. */
const SECRET_WORDS = new Set(
  [
    'auth authn authz authenticate authentication authorization authorisation bearer jwt session sessionid sid cookie cookies ticket',
    'pass pwd passphrase passcode passwort cred creds signature sig otp totp pin csrf xsrf hmac assertion verify',
  ].join(' ').split(' '),
);
/** Wherever they stand in it. */
const SECRET_PARTS = /password|passwd|secret|token|credential|apikey|accesskey|privatekey/;
/** Words before `key` that make it none that opens anything. */
const HARMLESS_KEYS = /^(?:idempotency|cache|surrogate|routing|partition|sort|websocket|socket|public|primary|foreign|object|row|host|lookup)$/;
/** Names that only sound like one. */
const HARMLESS = /^(?:wwwauthenticate|proxyauthenticate|accesscontrol.*|authority)$/;

/** Whether a header, parameter or flag of that name holds a credential. */
export function isSecretName(name: string): boolean {
  const words = wordsOf(name);
  const whole = words.join('');
  if (HARMLESS.test(whole)) return false;
  if (SECRET_PARTS.test(whole) || words.some((word) => SECRET_WORDS.has(word))) return true;
  return words.some((word, index) => /^keys?$/.test(word) && !HARMLESS_KEYS.test(words[index - 1] ?? ''));
}

/** The words of a name: `X-ApiKey` has x, api, key. */
function wordsOf(name: string): string[] {
  return name.slice(0, 200).replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase().split(/[^a-z0-9]+/);
}

/** What may be shown of a header's value, by its name alone. */
export function valueShown({name, value}: {name: string; value: string}): string {
  return value !== '' && isSecretName(name) ? STARS : value;
}
