/**
 * One pool's life. The decisions are in src/pool; here are the handlers, the loop and the launching.
 *
 * W1. Handlers are synchronous, never throw and only change `state`; the loop alone launches (P8).
 * W2. Nothing awaits a whole batch: each action is a promise of its own with both handlers attached,
 *     and its outcome is a fact for the next plan (P7).
 * W3. Continue-as-new carries the pods in flight; the new run launches them again by name (P5).
 */
import * as wf from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import { begin } from '../pool/begin.ts';
import { readDemand, takeDemand } from '../pool/demand.ts';
import { detailsOf } from '../pool/details.ts';
import { holdLeases, latenessMs } from '../pool/leases.ts';
import { hear } from '../pool/observe.ts';
import { readObservation } from '../pool/observation.ts';
import { passTime } from '../pool/pass-time.ts';
import { plan } from '../pool/plan.ts';
import {
  checkSpecRequest,
  refuse,
  requestDrain,
  requestPause,
  requestResume,
  requestRetry,
  requestSpec,
  requestTarget,
} from '../pool/requests.ts';
import { settle } from '../pool/settle.ts';
import { checkTarget } from '../pool/spec.ts';
import { readState } from '../pool/read-state.ts';
import { carryState } from '../pool/carry-state.ts';
import { newState, type PoolState } from '../pool/state.ts';
import { conditionOf, statusOf, type PoolStatus } from '../pool/status.ts';
import { countPhases } from '../pool/state.ts';
import { createLauncher } from './launch.ts';
import { createAlarm } from './alarm.ts';
import * as messages from './messages.ts';
import { readPoolInput } from './read-input.ts';
import { createRunEnd } from './run-end.ts';

/** Time between updates of search attributes: each is an event and a write to visibility. */
const searchAttributeIntervalMs = 2_000;

const attributeKeys = {
  name: defineSearchAttributeKey('PoolName', 'KEYWORD'),
  target: defineSearchAttributeKey('PoolTarget', 'INT'),
  warm: defineSearchAttributeKey('PoolWarm', 'INT'),
  state: defineSearchAttributeKey('PoolState', 'KEYWORD'),
};

/** Runs a pool until it is drained; returns the status it ended with. */
export async function poolWorkflow(given: messages.PoolWorkflowInput): Promise<PoolStatus> {
  const input = readPoolInput(given);
  // What 0.1.0 recorded keeps its rules until the run ends; a new run follows the newest.
  const rules = rulesOfRun();
  const fresh = newState({ ...input, rules });
  let state = readState(input.carried, fresh) ?? fresh;
  let isDirty = true;
  let hasHeard = false;
  let isFirstPass = true;
  const startedAtMs = wf.workflowInfo().startTime.getTime();
  let shownAttributes = '';
  let attributesDueAtMs = 0;

  const change = (next: (state: PoolState) => PoolState): void => {
    state = next(state);
    isDirty = true;
    hasHeard = true;
  };
  const alarm = createAlarm(() => (isDirty = true));
  const launcher = createLauncher((outcome) => {
    change((known) => settle(known, outcome, Date.now()));
  }, rules);

  handleMessages(() => state, change);
  if (rules >= 4) {
    // Where an older release has left such a signal unread, its replay must leave it unread as well.
    wf.setHandler(
      messages.applySpecSignal,
      (...args: unknown[]) => change((known) => requestSpec(known, onlyArgument(args), Date.now())),
      { description: 'Replace the spec; the template must be stored already' },
    );
  }

  /** Shows name, target, warm and phase as search attributes, at most once an interval. */
  const showAttributes = (nowMs: number): void => {
    if (!state.upsertSearchAttributes) return;
    const { warm } = countPhases(state);
    const { phase } = conditionOf(state);
    const shown = JSON.stringify([state.spec.warmTarget, warm, phase]);
    if (shown === shownAttributes) return;
    if (nowMs < attributesDueAtMs) {
      alarm.ringBy(attributesDueAtMs, nowMs);
      return;
    }
    shownAttributes = shown;
    attributesDueAtMs = nowMs + searchAttributeIntervalMs;
    wf.upsertSearchAttributes([
      { key: attributeKeys.name, value: state.pool },
      { key: attributeKeys.target, value: state.spec.warmTarget },
      { key: attributeKeys.warm, value: warm },
      { key: attributeKeys.state, value: phase },
    ]);
  };

  const runEnd = createRunEnd(wf.workflowInfo, rules >= 2);
  for (;;) {
    const heard = hasHeard;
    hasHeard = false;
    isDirty = false;
    if (runEnd.isDue(heard) && wf.allHandlersFinished()) {
      const { pool, namespace, spec, labels, upsertSearchAttributes } = state;
      const carried = carryState(state);
      await wf.continueAsNew<typeof poolWorkflow>({
        ...{ pool, namespace, spec, labels, upsertSearchAttributes, carried },
      });
    }
    const nowMs = Date.now();
    // A run whose first task comes late was away as well: its start is the first wake-up.
    const lateMs = Math.max(alarm.lateMs(nowMs), isFirstPass ? nowMs - startedAtMs : 0);
    isFirstPass = false;
    if (lateMs >= latenessMs) state = holdLeases(state, nowMs);
    state = passTime(state, nowMs);
    const { actions, wakeAtMs } = plan({ state, nowMs });
    state = begin(state, actions, nowMs);
    for (const action of actions) launcher.launch(action, state);
    launcher.cancelSpawnsWithout(state.records);
    wf.setCurrentDetails(detailsOf(state));
    showAttributes(nowMs);
    if (isOver(state)) return statusOf({ state, nowMs });
    if (wakeAtMs !== null) alarm.ringBy(wakeAtMs, nowMs);
    const endWakeAtMs = runEnd.wakeAtMs(nowMs);
    if (endWakeAtMs !== null) alarm.ringBy(endWakeAtMs, nowMs);
    runEnd.passed(actions.length);
    await wf.condition(() => isDirty || runEnd.mayCome());
    // An update that came with something else is answered before the loop goes on, as one that came alone
    // is: a replay may tell the two apart where the first worker could not (docs/adr/0043).
    if (rules >= 4 && !wf.allHandlersFinished()) await wf.condition(wf.allHandlersFinished);
  }
}

/** The newest that the history of this run allows. */
function rulesOfRun(): number {
  if (wf.patched('rules-4')) return 4;
  if (wf.patched('rules-3')) return 3;
  return wf.patched('rules-2') ? 2 : 1;
}

/** Drained, and the card has been taken down. */
function isOver(state: PoolState): boolean {
  return conditionOf(state).phase === 'Drained' && state.publish.published === 'null';
}

/**
 * Registers the messages of design section 4. What they may carry is checked in the core. There is
 * no default handler for unknown signals: with one, the SDK throws at a name with its reserved
 * prefix, which would block the pool. Without one they wait unread and are dropped with the run.
 */
function handleMessages(
  current: () => PoolState,
  change: (next: (state: PoolState) => PoolState) => void,
): void {
  wf.setHandler(
    messages.setTargetSignal,
    (...args: unknown[]) => change((state) => requestTarget(state, onlyArgument(args), Date.now())),
    { description: 'Warm pods wanted: a number, or {"target": number, "by": "who"}' },
  );
  wf.setHandler(messages.pauseSignal, () => change(requestPause), {
    description: 'Stop starting and retiring pods; claims go on',
  });
  wf.setHandler(messages.resumeSignal, () => change(requestResume), {
    description: 'Go on after a pause',
  });
  wf.setHandler(
    messages.drainSignal,
    (value) => change((state) => requestDrain(state, value, Date.now())),
    {
      description:
        'Take no new claims, retire unclaimed pods and end; {"deadlineSeconds": n} bounds the wait for claims',
    },
  );
  wf.setHandler(messages.retrySignal, () => change(requestRetry), {
    description: 'Try a template that failed again at once',
  });
  wf.setHandler(messages.podsChangedSignal, (...args: unknown[]) => {
    const observation = readObservation(onlyArgument(args));
    change((state) =>
      'refusal' in observation
        ? refuse(state, observation.refusal, Date.now())
        : hear(state, observation, Date.now()),
    );
  });
  wf.setHandler(messages.demandChangedSignal, (value) => {
    const report = readDemand(value);
    change((state) =>
      'refusal' in report
        ? refuse(state, report.refusal, Date.now())
        : takeDemand(state, report, Date.now()),
    );
  });
  wf.setHandler(messages.statusQuery, () => statusOf({ state: current(), nowMs: Date.now() }), {
    description: 'Phase, counts, failures and pods',
  });
  wf.setHandler(
    messages.resizeUpdate,
    (...args: unknown[]) => {
      change((state) => requestTarget(state, onlyArgument(args), Date.now()));
      return statusOf({ state: current(), nowMs: Date.now() });
    },
    {
      description: 'Set the target and get the status',
      validator: (...args: unknown[]) => {
        const checked = checkTarget(onlyArgument(args), current().spec);
        if (!checked.ok) throw wf.ApplicationFailure.nonRetryable(checked.message, 'BadTarget');
      },
    },
  );
  wf.setHandler(
    messages.applySpecUpdate,
    (...args: unknown[]) => {
      change((state) => requestSpec(state, onlyArgument(args), Date.now()));
      return statusOf({ state: current(), nowMs: Date.now() });
    },
    {
      description: 'Replace the spec; the template must be stored already',
      validator: (...args: unknown[]) => {
        const checked = checkSpecRequest(onlyArgument(args), current());
        if (!checked.ok) throw wf.ApplicationFailure.nonRetryable(checked.message, 'BadSpec');
      },
    },
  );
}

/** What a message carries. None or several arguments come as a list, which no handler takes. */
function onlyArgument(args: unknown[]): unknown {
  return args.length === 1 ? args[0] : args;
}
