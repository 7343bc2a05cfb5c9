/** What homes send about rounds is on disk, of many messages at once, before anything is done about any of it. */
import { describe, expect, it } from 'vitest';
import { Inbox } from '../../../broker/rounds/inbox.ts';

const bytes = new Uint8Array(1);

/** An inbox, and all that happens around it in its order. The disk takes no message of `refused`. */
function made(refused?: string) {
  const happened: string[] = [];
  const together = (work: () => void) => {
    try {
      work();
    } catch (error) {
      happened.push('nothing on disk');
      throw error;
    }
    happened.push('on disk');
  };
  const inbox = new Inbox({ together });
  const taker = (round: string) => ({
    take: (_: string, home: string) => {
      happened.push(`${round}: ${home}`);
      if (home === refused) throw new Error('the disk is full');
    },
    settle: () => void happened.push(`${round}: done`),
    undo: () => void happened.push(`${round}: undone`),
  });
  return { inbox, happened, one: taker('one'), other: taker('other') };
}

describe('messages that come at once', () => {
  it('wait for the disk together, those of all rounds, and only then is anything done', async () => {
    const { inbox, happened, one, other } = made();
    const sent = [
      inbox.add({ taker: one, name: 'report', home: 'alice', payload: bytes }),
      inbox.add({ taker: other, name: 'answer', home: 'bob', payload: bytes }),
      inbox.add({ taker: one, name: 'report', home: 'carol', payload: bytes }),
    ];
    expect(happened).toEqual([]);
    await Promise.all(sent);
    expect(happened).toEqual(['one: alice', 'other: bob', 'one: carol', 'on disk', 'one: done', 'other: done']);
  });

  it('are taken in before whatever else happens to a round', () => {
    const { inbox, happened, one } = made();
    void inbox.add({ taker: one, name: 'report', home: 'alice', payload: bytes });
    inbox.empty();
    expect(happened).toEqual(['one: alice', 'on disk', 'one: done']);
    inbox.empty();
    expect(happened).toHaveLength(3);
  });

  it('are taken in one by one where the disk does not take them together', async () => {
    const { inbox, happened, one, other } = made('bob');
    const sent = [
      inbox.add({ taker: one, name: 'report', home: 'alice', payload: bytes }),
      inbox.add({ taker: other, name: 'report', home: 'bob', payload: bytes }),
      inbox.add({ taker: one, name: 'report', home: 'carol', payload: bytes }),
    ];
    const outcomes = await Promise.allSettled(sent);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(happened).toEqual([
      ...['one: alice', 'other: bob', 'nothing on disk', 'one: undone', 'other: undone'],
      ...['one: alice', 'on disk', 'one: done'],
      ...['other: bob', 'nothing on disk', 'other: undone'],
      ...['one: carol', 'on disk', 'one: done'],
    ]);
  });

  it('are taken in once, whatever a round makes of it: its own are told, those of others are done', async () => {
    const { inbox, happened, one, other } = made();
    const broken = {
      ...one,
      settle: () => {
        throw new Error('a mistake in the program');
      },
    };
    const sent = [
      inbox.add({ taker: broken, name: 'report', home: 'alice', payload: bytes }),
      inbox.add({ taker: other, name: 'report', home: 'bob', payload: bytes }),
    ];
    const outcomes = await Promise.allSettled(sent);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(happened).toEqual(['one: alice', 'other: bob', 'on disk', 'other: done']);
  });

  it('do not wait for others once they are many bytes', () => {
    const { inbox, happened, one } = made();
    const half = new Uint8Array(512 * 1024);
    void inbox.add({ taker: one, name: 'report', home: 'alice', payload: half });
    expect(happened).toEqual([]);
    void inbox.add({ taker: one, name: 'report', home: 'bob', payload: half });
    expect(happened).toEqual(['one: alice', 'one: bob', 'on disk', 'one: done']);
    void inbox.add({ taker: one, name: 'report', home: 'carol', payload: half });
    expect(happened).toHaveLength(4);
  });

  it('are forgotten when the rounds are closed', async () => {
    const { inbox, happened, one } = made();
    void inbox.add({ taker: one, name: 'report', home: 'alice', payload: bytes });
    inbox.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(happened).toEqual([]);
  });
});
