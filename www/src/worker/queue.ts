// Going through the event queue between two pieces of work, so that messages are heard. By a MessageChannel: timers are
// throttled in a background tab, where training must go on.

const { port1, port2 } = new MessageChannel();
port1.start();

/** Resolves after the messages that are waiting have been handled. */
export function visitEventQueue(): Promise<void> {
  return new Promise((resolve) => {
    port1.onmessage = () => resolve();
    port2.postMessage(null);
  });
}
