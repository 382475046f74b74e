import { InvalidArgumentError } from 'commander';
import { PilotlightClient } from '../client/pilotlight-client.ts';

/** Where an API answers that was started without being told a port. */
const defaultUrl = 'http://127.0.0.1:9460';

/**
 * The client of PILOTLIGHT_API_URL (several replicas with commas between them) and PILOTLIGHT_TOKEN.
 * Raises when the URL is none.
 */
export function apiClient(): PilotlightClient {
  const { PILOTLIGHT_TOKEN: token } = process.env;
  const urls = apiUrls();
  try {
    return new PilotlightClient({
      url: urls,
      ...(token === undefined || token === '' ? {} : { token }),
    });
  } catch (error) {
    const message = `Expected PILOTLIGHT_API_URL to be an http or https URL, got ${urls.join()}`;
    throw new Error(message, { cause: error });
  }
}

/** The addresses of PILOTLIGHT_API_URL as they are given. */
export function apiUrls(): string[] {
  const { PILOTLIGHT_API_URL: urls = defaultUrl } = process.env;
  return urls.split(',').map((url) => url.trim());
}

/** Whole seconds of an option; the API knows the range. */
export function readSeconds(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected whole seconds.');
}
