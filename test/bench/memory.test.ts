import assert from 'node:assert/strict';
import { memoryPartsOf, parseStatus, readMemory } from '../../bench/memory.ts';

describe('the memory of processes', () => {
  it('is read off what Linux tells of a process', () => {
    assert.equal(parseStatus('Name:\tnode\nVmRSS:\t  250000 kB\nThreads:\t11\n'), 256);
    assert.equal(parseStatus('Name:\tkthreadd\n'), null);
  });

  it('leaves out processes that do not run', async () => {
    const memory = await readMemory([
      { name: 'stopped', pid: null },
      { name: 'self', pid: process.pid },
    ]);
    assert.equal(memory['stopped'], undefined);
    if (process.platform === 'linux') assert.ok((memory['self'] ?? 0) > 20);
  });

  it('is split into the parts that our processes tell of themselves', () => {
    const metrics = [
      'process_resident_memory_bytes 200000000',
      'nodejs_heap_size_total_bytes 90000000',
      'nodejs_heap_size_used_bytes 60500000',
      'nodejs_external_memory_bytes 5000000',
    ].join('\n');
    assert.deepEqual(memoryPartsOf(metrics), {
      residentMb: 200,
      heapUsedMb: 60.5,
      heapTotalMb: 90,
      externalMb: 5,
    });
  });
});
