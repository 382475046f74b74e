/** What the Temporal UI says of a pool's workflow for as long as it lives, as Markdown. */
export function poolPage(pool: string): string {
  return [
    'This workflow creates the pods of one pool and ends those that nobody holds. Beside this stands how ' +
      'it is **now**: its phase, why, and what to do.',
    '- **Pending Activities**: each pod that is being made, with what it waits for and the last error.',
    '- **Timeline**: what the pool did, pod by pod.',
    '- **More Actions → Send a Signal**: `setTarget` (a number, or `{"target": 4, "by": "your name"}`), `pause`, `resume`, `retry`, `drain`.',
    `- In a terminal: \`pilotlight describe pool ${pool}\`, \`pilotlight events ${pool}\`, \`pilotlight top\`.`,
    '- Terminating this workflow deletes no pod; applying the pool again takes them in.',
  ].join('\n\n');
}
