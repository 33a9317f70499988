package io.qaexchange.archive.retention;

import javax.annotation.Nullable;

/**
 * Ages of a trading day, in days, at which its files change place. Null: never.
 *
 * @param remoteAfter files are copied to remote storage
 * @param localRetention the local copy goes
 * @param deleteAfter the rows go
 */
public record RetentionStages(@Nullable Integer remoteAfter, @Nullable Integer localRetention, @Nullable Integer deleteAfter) {

    /** Everything stays. */
    public static final RetentionStages KEEP = new RetentionStages(null, null, null);

    public RetentionStages {
        checkNotNegative("remote-after", remoteAfter);
        checkNotNegative("local-retention", localRetention);
        checkNotNegative("delete-after", deleteAfter);
        if (localRetention != null && remoteAfter == null) {
            throw new IllegalArgumentException("local-retention " + localRetention
                    + " d drops files that are never copied: a policy that drops before it copies is refused. Set remote-after to at most "
                    + localRetention + " d, or delete-after instead of local-retention");
        }
        if (localRetention != null && localRetention < remoteAfter) {
            throw new IllegalArgumentException("local files would go after " + localRetention + " d (local-retention) and are copied after " + remoteAfter
                    + " d (remote-after): a policy that drops before it copies is refused. Set remote-after to at most " + localRetention + " d");
        }
        if (deleteAfter != null && localRetention != null && deleteAfter < localRetention) {
            throw new IllegalArgumentException("rows would be deleted after " + deleteAfter + " d (delete-after), before their local copy goes after "
                    + localRetention + " d (local-retention). Set delete-after to at least " + localRetention + " d");
        }
        if (deleteAfter != null && remoteAfter != null && deleteAfter <= remoteAfter) {
            throw new IllegalArgumentException("rows would be deleted after " + deleteAfter + " d (delete-after), and copied after " + remoteAfter
                    + " d (remote-after): the copy would be in vain. Set delete-after to more than " + remoteAfter + " d");
        }
    }

    private static void checkNotNegative(String name, @Nullable Integer days) {
        if (days != null && days < 0) {
            throw new IllegalArgumentException(name + " must not be negative: " + days);
        }
    }
}
