package io.qaexchange.job.stream.ledger;

import io.qaexchange.job.model.book.Account;
import io.qaexchange.job.model.ledger.AccountStore;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;

/**
 * Write-back cache of accounts. Changes are written before each checkpoint, and the oldest changes when there are too many. So a message
 * costs no state access, and a checkpoint writes a bounded number of values.
 *
 * <p>If too many are in memory, the one that was used longest ago is forgotten. The object given out is the kept one: who changes it says so.
 * One thread.
 */
final class CachedAccounts {

    /** Accounts that a flush may have to write: some milliseconds. */
    private static final int MAX_CHANGES = 1_000;
    /** Accounts in memory: some tens of megabytes. */
    private static final int MAX_ACCOUNTS = 20_000;

    private static final class Entry {
        final String id;
        final Account account;
        boolean changed;

        Entry(String id, Account account) {
            this.id = id;
            this.account = account;
        }
    }

    private final AccountStore store;
    private final int maxChanges;
    private final int maxAccounts;
    /** In the order in which they were used. */
    private final LinkedHashMap<String, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
    /** In the order in which they changed first. */
    private final ArrayDeque<Entry> changed = new ArrayDeque<>();

    CachedAccounts(AccountStore store) {
        this(store, MAX_CHANGES, MAX_ACCOUNTS);
    }

    /** With limits of its own: changes that may wait to be written, and accounts in memory. */
    CachedAccounts(AccountStore store, int maxChanges, int maxAccounts) {
        this.store = store;
        this.maxChanges = maxChanges;
        this.maxAccounts = maxAccounts;
    }

    /** An account; a new one if it has no state. */
    Account get(String id) throws IOException {
        Entry entry = entries.get(id);
        if (entry == null) {
            entry = new Entry(id, store.load(id));
            entries.put(id, entry);
            if (entries.size() > maxAccounts) {
                forgetOldest();
            }
        }
        return entry.account;
    }

    /** Notes that an account, which was got just now, has changed. */
    void change(String id) throws IOException {
        Entry entry = entries.get(id);
        if (!entry.changed) {
            entry.changed = true;
            changed.add(entry);
            if (changed.size() > maxChanges) {
                write(changed.remove());
            }
        }
    }

    private void forgetOldest() throws IOException {
        Iterator<Entry> oldestFirst = entries.values().iterator();
        Entry oldest = oldestFirst.next();
        oldestFirst.remove();
        if (oldest.changed) {
            changed.remove(oldest);
            write(oldest);
        }
    }

    /** Writes what has changed. */
    void flush() throws IOException {
        for (Entry entry = changed.poll(); entry != null; entry = changed.poll()) {
            write(entry);
        }
    }

    private void write(Entry entry) throws IOException {
        entry.changed = false;
        store.save(entry.id, entry.account);
    }
}
