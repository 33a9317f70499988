package io.qaexchange.job.query.audit;

import io.qaexchange.archive.manifest.ArchiveCheck;
import java.util.ArrayList;
import java.util.List;
import javax.annotation.Nullable;

/**
 * Result of an audit. Keys are a sample; counts are complete.
 *
 * @param sent messages that were sent
 * @param expected rows that must be there
 * @param hot rows found hot
 * @param cold rows found in the archive
 * @param missing expected rows that are not there
 * @param doubled rows that are there more than once
 * @param altered rows whose content differs from what was sent
 * @param unexpected rows that nobody sent
 * @param problems what else is wrong, one line each
 * @param findings named keys, one line each
 * @param expired expected rows that the retention let go
 * @param erased expected rows that were erased by request
 * @param archive the check of the archive's hashes; null if they were not checked
 * @param about the moment and sources of the rows, for a reader; null if the caller says it
 * @param tables the comparison with open tables, in one line; null if they were not compared
 * @param manifestVersion archive manifest version whose files were read
 */
public record AuditReport(long sent, long expected, long hot, long cold, long missing, long doubled, long altered, long unexpected,
        List<String> problems, List<String> findings, long expired, long erased, @Nullable ArchiveCheck archive,
        @Nullable String about, @Nullable String tables, long manifestVersion) {

    public AuditReport {
        problems = List.copyOf(problems);
        findings = List.copyOf(findings);
    }

    /** With the archive's hashes. */
    public AuditReport with(ArchiveCheck check) {
        List<String> all = new ArrayList<>(problems);
        all.addAll(check.problems());
        return new AuditReport(sent, expected, hot, cold, missing, doubled, altered, unexpected, all, findings, expired, erased, check, about, tables, manifestVersion);
    }

    /** With the moment and sources of the rows. */
    public AuditReport about(String text) {
        return new AuditReport(sent, expected, hot, cold, missing, doubled, altered, unexpected, problems, findings, expired, erased, archive, text, tables, manifestVersion);
    }

    /** With one more problem. */
    public AuditReport withProblem(String problem) {
        List<String> all = new ArrayList<>(problems);
        all.add(problem);
        return new AuditReport(sent, expected, hot, cold, missing, doubled, altered, unexpected, all, findings, expired, erased, archive, about, tables, manifestVersion);
    }

    /** With the comparison of open tables, and what does not fit in them. */
    public AuditReport withTables(String line, List<String> problemsOfTables) {
        List<String> all = new ArrayList<>(problems);
        all.addAll(problemsOfTables);
        return new AuditReport(sent, expected, hot, cold, missing, doubled, altered, unexpected, all, findings, expired, erased, archive, about, line, manifestVersion);
    }

    /** Whether every event is there once and unaltered, and nothing else is wrong. */
    public boolean holds() {
        return missing == 0 && doubled == 0 && altered == 0 && unexpected == 0 && problems.isEmpty();
    }

    /** The report for a reader. */
    public String toText() {
        StringBuilder text = new StringBuilder();
        if (about != null) {
            text.append(about).append(System.lineSeparator());
        }
        text.append(String.format("sent %,d messages; %,d of them must be rows%n", sent, expected));
        text.append(String.format("found %,d rows: %,d hot, %,d in Parquet%n", hot + cold, hot, cold));
        text.append(String.format("missing %,d, doubled %,d, altered %,d, unexpected %,d%n", missing, doubled, altered, unexpected));
        if (expired > 0) {
            text.append(String.format("expired %,d: the retention let them go%n", expired));
        }
        if (erased > 0) {
            text.append(String.format("erased %,d: by request, see erasures in the archive manifest%n", erased));
        }
        if (archive != null) {
            text.append("archive: ").append(archive.toText()).append(System.lineSeparator());
        }
        if (tables != null) {
            text.append("tables: ").append(tables).append(System.lineSeparator());
        }
        problems.forEach(problem -> text.append("problem: ").append(problem).append(System.lineSeparator()));
        findings.forEach(finding -> text.append(finding).append(System.lineSeparator()));
        text.append(holds() ? "AUDIT HOLDS: every event is there exactly once" + (expired > 0 ? ", or expired" : "") + (erased > 0 ? ", or was erased" : "")
                : "AUDIT FAILED").append(System.lineSeparator());
        return text.toString();
    }
}
