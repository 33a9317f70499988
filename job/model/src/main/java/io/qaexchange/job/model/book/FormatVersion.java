package io.qaexchange.job.model.book;

import java.io.IOException;

/** The first byte of every value in the ledger's state. Fields are only appended, with a new version; old versions stay readable. */
final class FormatVersion {

    private FormatVersion() {
    }

    static int check(String what, int version, int newest) throws IOException {
        if (version < 1 || version > newest) {
            throw new IOException(what + " has format version " + version + ", this build reads 1 to " + newest);
        }
        return version;
    }
}
