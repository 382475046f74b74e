import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  context,
  propagation,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Context,
  type ContextManager,
} from '@opentelemetry/api';
import { TraceState, W3CTraceContextPropagator } from '@opentelemetry/core';
import { PilotlightClient } from '../../src/client/index.ts';
import { grant, sendJson, withFlakyApi } from './flaky-api.ts';

/** Like that of OpenTelemetry's Node SDK: a span is active across awaits. */
class StorageContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }
  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    active: Context,
    action: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(active, () => action.apply(self, args));
  }
  bind<T>(_active: Context, target: T): T {
    return target;
  }
  enable(): this {
    return this;
  }
  disable(): this {
    this.#storage.disable();
    return this;
  }
}

describe('the trace of a program that claims', () => {
  const spanContext = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: TraceFlags.SAMPLED,
    traceState: new TraceState('vendor=1'),
  };

  const claimed = async (claim: (url: string) => Promise<unknown>) => {
    const headers: unknown[] = [];
    await withFlakyApi(
      ({ method }, response) => {
        const { traceparent, tracestate, baggage } = response.req.headers;
        headers.push({ traceparent, tracestate, baggage });
        if (method === 'POST') grant(response, null);
        else sendJson(response, { pools: [] });
      },
      async ({ url }) => {
        await claim(url);
      },
    );
    return headers;
  };
  const claim = (url: string) => new PilotlightClient({ url }).claim('small');
  const none = { traceparent: undefined, tracestate: undefined, baggage: undefined };

  afterEach(() => {
    context.disable();
    propagation.disable();
  });

  it('is sent with each call while a span is active, and nothing else is', async () => {
    context.setGlobalContextManager(new StorageContextManager());
    const w3c = new W3CTraceContextPropagator();
    propagation.setGlobalPropagator({
      inject(active, carrier: unknown, setter) {
        w3c.inject(active, carrier, setter);
        setter.set(carrier, 'baggage', 'user=secret');
      },
      extract: (active) => active,
      fields: () => w3c.fields(),
    });
    const headers = await claimed(async (url) => {
      const inSpan = trace.setSpanContext(ROOT_CONTEXT, spanContext);
      await context.with(inSpan, async () => {
        await new PilotlightClient({ url }).pools();
        await claim(url);
      });
      await claim(url);
    });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const sent = { traceparent, tracestate: 'vendor=1', baggage: undefined };
    assert.deepEqual(headers, [sent, sent, none]);
  });

  it('is not there in a program that registered no tracer', async () => {
    assert.deepEqual(await claimed(claim), [none]);
  });
});
