import assert from 'node:assert/strict';
import { Command } from 'commander';
import { execa } from 'execa';
import { completionScript, wordsOf } from '../../src/cli/completion.ts';

function program(): Command {
  const pool = new Command('pool').argument('<name>', 'name of the pool').option('--wait');
  return new Command('pilotlight')
    .addCommand(new Command('delete').addCommand(pool))
    .addCommand(new Command('describe').option('--output <format>'));
}

/** What bash offers for the last of some words. */
async function offered(...words: string[]): Promise<string[]> {
  const script = completionScript('bash', wordsOf(program()));
  const ask = `pilotlight() { echo small; echo large; }
COMP_WORDS=(pilotlight ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
_pilotlight; echo "\${COMPREPLY[@]}"`;
  const { stdout } = await execa('bash', ['-c', `${script}\n${ask}`]);
  return stdout.split(' ').filter((word) => word !== '');
}

describe('completion', () => {
  it('offers commands, those of a command, options and pools in bash', async () => {
    assert.deepEqual(await offered('de'), ['delete', 'describe']);
    assert.deepEqual(await offered('delete', ''), ['pool']);
    assert.deepEqual(await offered('delete', 'pool', '--'), ['--wait']);
    assert.deepEqual(await offered('delete', 'pool', 's'), ['small']);
    assert.deepEqual(await offered('describe', '--'), ['--output']);
  });

  it('declares itself to zsh and fish', () => {
    const words = wordsOf(program());
    assert.match(completionScript('zsh', words), /^#compdef pilotlight\n/);
    const fish = completionScript('fish', words).split('\n');
    assert.equal(
      fish[0],
      "complete -c pilotlight -f -n '__fish_use_subcommand' -a 'delete describe'",
    );
    assert.match(
      fish.at(-2) ?? '',
      /__fish_seen_subcommand_from pool' -a '--wait \(pilotlight get/,
    );
  });
});
