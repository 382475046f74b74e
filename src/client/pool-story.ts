/**
 * A pool's story, told from the events of its runs: who asked for what, and what became of each pod.
 * It reads what the pool's workflow was told and what it launched, so it needs neither a worker nor
 * the cluster. What can't be read is left out; nothing here throws.
 */
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { messageOfFailure } from '../codec/decode-message.ts';
import { senderOf } from '../pool/target-changes.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** One thing that happened. */
export interface StoryLine {
  atMs: number;
  /** The pod it is about; null for the pool itself. */
  pod: string | null;
  text: string;
  /** Who asked for it, by their own word and as Temporal knows the sender; null: the pool itself. */
  who: string | null;
}

/** What is remembered of a pod while its story is told. */
interface PodStory {
  spawnedAtMs: number;
  readyAtMs: number | null;
  claimedAtMs: number | null;
  /** Why the pool ends it. */
  retiring: string | null;
}

/** Messages that only machines send; what they bring is told pod by pod. */
const machineMessages = new Set(['podsChanged', 'demandChanged']);

/** Tells the story of runs whose events are fed in order, oldest run first. */
export class PoolStory {
  readonly lines: StoryLine[] = [];
  readonly #pods = new Map<string, PodStory>();
  /** Activities of the run that is being read, by the event that scheduled them. */
  #activities = new Map<string, { kind: string; pod: string; reason: string }>();

  /** Takes one event in. */
  take(event: HistoryEvent): void {
    const atMs = timeOf(event);
    this.#takeRun(event, atMs);
    this.#takeRequest(event, atMs);
    this.#takeActivity(event, atMs);
  }

  #takeRun(event: HistoryEvent, atMs: number): void {
    const started = event.workflowExecutionStartedEventAttributes;
    if (started) {
      this.#activities = new Map();
      if (started.continuedExecutionRunId) return;
      const { spec } = fieldsOf(argumentOf(started.input));
      const { warmTarget, templateHash } = fieldsOf(spec);
      const what = `created: target ${show(warmTarget)}, template ${show(templateHash)}`;
      this.#tell(atMs, null, what, started.identity);
    }
    if (event.workflowExecutionCompletedEventAttributes) this.#tell(atMs, null, 'ended');
    const failed = event.workflowExecutionFailedEventAttributes?.failure;
    if (failed) this.#tell(atMs, null, `failed: ${messageOfFailure(failed)}`);
    const terminated = event.workflowExecutionTerminatedEventAttributes;
    if (terminated) {
      this.#tell(atMs, null, `terminated: ${terminated.reason ?? ''}`, terminated.identity);
    }
  }

  #takeRequest(event: HistoryEvent, atMs: number): void {
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal) {
      const name = signal.signalName ?? '';
      const given = argumentOf(signal.input);
      if (name === 'podsChanged') this.#takeObservation(given, atMs);
      if (!machineMessages.has(name)) {
        const text = given === undefined ? name : `${name} ${show(targetOf(given))}`;
        this.#tell(atMs, null, text, whoOf(given, signal.identity));
      }
    }
    const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest;
    if (update) {
      const name = update.input?.name ?? '';
      const given = argumentOf(update.input?.args);
      const { spec } = fieldsOf(given);
      const { warmTarget, templateHash } = fieldsOf(spec);
      const text =
        name === 'applySpec'
          ? `applied: target ${show(warmTarget)}, template ${show(templateHash)}`
          : `${name} ${show(targetOf(given))}`;
      this.#tell(atMs, null, text, whoOf(given, update.meta?.identity));
    }
  }

  #takeActivity(event: HistoryEvent, atMs: number): void {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) {
      const kind = scheduled.activityType?.name ?? '';
      const { podName: pod, templateHash, uid } = fieldsOf(argumentOf(scheduled.input));
      if (typeof pod !== 'string') return;
      const summary = payloadOf(event.userMetadata?.summary);
      const [, reason = ''] = /: (\w+)$/.exec(String(summary)) ?? [];
      this.#activities.set(String(event.eventId), { kind, pod, reason });
      if (kind === 'retirePod') this.#storyOf(pod, atMs).retiring = reason;
      // A wait that another run or attempt goes on with is no new pod.
      if (kind !== 'spawnPod' || this.#pods.has(pod)) return;
      this.#storyOf(pod, atMs);
      const verb = typeof uid === 'string' ? 'adopted' : 'spawn started';
      this.#tell(atMs, pod, `${verb}, template ${show(templateHash)}`);
    }
    const done = event.activityTaskCompletedEventAttributes;
    if (done) this.#takeOutcome(String(done.scheduledEventId), argumentOf(done.result), atMs);
    const failed = event.activityTaskFailedEventAttributes;
    const { kind, pod } = this.#activities.get(String(failed?.scheduledEventId)) ?? {};
    if (failed && pod !== undefined && kind === 'spawnPod') {
      const info = failed.failure?.applicationFailureInfo;
      const reason = payloadOf(info?.details?.payloads?.[0]);
      const after = formatDuration(atMs - this.#storyOf(pod, atMs).spawnedAtMs);
      const what = `spawn failed after ${after}`;
      this.#tell(atMs, pod, `${what}: ${show(reason)}: ${messageOfFailure(failed.failure)}`);
    }
  }

  #takeOutcome(scheduledId: string, result: unknown, atMs: number): void {
    const { kind, pod: name, reason } = this.#activities.get(scheduledId) ?? {};
    const { outcome, pod } = fieldsOf(result);
    if (name === undefined) return;
    const story = this.#storyOf(name, atMs);
    if (kind === 'spawnPod' && outcome === 'ready' && story.readyAtMs === null) {
      this.#becomeReady(name, pod, atMs);
    } else if (kind === 'retirePod' && outcome === 'deleted') {
      const lived = formatDuration(atMs - story.spawnedAtMs);
      this.#tell(atMs, name, `retired: ${reason ?? ''}, after ${lived}`);
    } else if (kind === 'retirePod' && outcome !== 'gone') {
      story.retiring = null;
      this.#tell(atMs, name, `not retired (${reason ?? ''}): ${show(outcome)}`);
    }
  }

  #takeObservation(given: unknown, atMs: number): void {
    const { pods, gone } = fieldsOf(given);
    for (const pod of listOf(pods)) {
      const { name, ready, claimed } = fieldsOf(pod);
      if (typeof name !== 'string') continue;
      const story = this.#storyOf(name, atMs);
      if (ready === true && story.readyAtMs === null) this.#becomeReady(name, pod, atMs);
      if (claimed === true && story.claimedAtMs === null) {
        story.claimedAtMs = atMs;
        const warm = formatDuration(atMs - (story.readyAtMs ?? atMs));
        this.#tell(atMs, name, `claimed, warm for ${warm}`);
      }
    }
    for (const pod of listOf(gone)) {
      const { name, claimed } = fieldsOf(pod);
      if (typeof name === 'string') this.#end(name, claimed === true, atMs);
    }
  }

  #becomeReady(name: string, pod: unknown, atMs: number): void {
    const story = this.#storyOf(name, atMs);
    const { createdAtMs, readyChangedAtMs } = fieldsOf(pod);
    story.readyAtMs = typeof readyChangedAtMs === 'number' ? readyChangedAtMs : atMs;
    const sinceMs = typeof createdAtMs === 'number' ? createdAtMs : story.spawnedAtMs;
    this.#tell(atMs, name, `Ready after ${formatDuration(story.readyAtMs - sinceMs)}`);
  }

  #end(name: string, wasClaimed: boolean, atMs: number): void {
    const story = this.#pods.get(name);
    if (story === undefined) return;
    this.#pods.delete(name);
    // What the pool retired itself has been told by then.
    if (story.retiring !== null) return;
    if (story.claimedAtMs !== null) {
      this.#tell(atMs, name, `released after ${formatDuration(atMs - story.claimedAtMs)}`);
    } else {
      this.#tell(atMs, name, wasClaimed ? 'claimed and released' : 'gone, not by the pool');
    }
  }

  #storyOf(name: string, atMs: number): PodStory {
    const known = this.#pods.get(name);
    if (known !== undefined) return known;
    const story = { spawnedAtMs: atMs, readyAtMs: null, claimedAtMs: null, retiring: null };
    this.#pods.set(name, story);
    return story;
  }

  #tell(atMs: number, pod: string | null, text: string, who?: string | null): void {
    this.lines.push({ atMs, pod, text: text.replaceAll(/\s+/g, ' '), who: who || null });
  }
}

/** `850ms`, `12s`, `3m20s` or `2h05m`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(Math.max(0, ms) / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3_600)}h${two(Math.floor(seconds / 60) % 60)}m`;
}

function timeOf({ eventTime }: HistoryEvent): number {
  return Number(eventTime?.seconds ?? 0) * 1000 + Math.floor((eventTime?.nanos ?? 0) / 1e6);
}

function argumentOf(payloads: { payloads?: Payload[] | null } | null | undefined): unknown {
  return payloadOf(payloads?.payloads?.[0]);
}

/** Undefined for what another data converter wrote. */
function payloadOf(payload: Payload | null | undefined): unknown {
  if (!payload) return undefined;
  try {
    return defaultPayloadConverter.fromPayload(payload);
  } catch {
    return undefined;
  }
}

/** The target of `{target, by}`; anything else as it is. */
function targetOf(given: unknown): unknown {
  const { target, ...rest } = fieldsOf(given);
  const isNamed = typeof target === 'number' && Object.keys(rest).join() === 'by';
  return isNamed ? target : given;
}

/** Who sent a message: its own word, unless the sender that Temporal knows says as much. */
function whoOf(given: unknown, identity: string | null | undefined): string {
  const by = senderOf(given);
  const sender = identity ?? '';
  if (by === null || sender.startsWith(`${by} `)) return sender;
  return sender === '' ? by : `${by}, sent by ${sender}`;
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Longest value shown: messages may carry anything. */
const maxShown = 120;

function show(value: unknown): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.slice(0, maxShown);
}
