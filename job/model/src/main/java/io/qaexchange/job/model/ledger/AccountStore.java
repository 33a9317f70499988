package io.qaexchange.job.model.ledger;

import io.qaexchange.job.model.book.Account;
import java.io.IOException;

/** Where accounts are kept. */
public interface AccountStore {

    /** The account; a new one if it has no state. */
    Account load(String id) throws IOException;

    void save(String id, Account account) throws IOException;
}
