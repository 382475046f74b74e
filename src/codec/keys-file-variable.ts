/** The variable that names the file of keys. */
export const keysFileVariable = 'PILOTLIGHT_PAYLOAD_KEYS_FILE';
