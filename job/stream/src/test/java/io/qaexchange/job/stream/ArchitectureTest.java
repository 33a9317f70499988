package io.qaexchange.job.stream;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The dependencies that the job may have. */
class ArchitectureTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.qaexchange.job.stream");

    @Test
    void doesNotSeeReadersOrCommands() {
        noClasses().that().resideInAnyPackage("io.qaexchange.job.stream..")
                .should().dependOnClassesThat().resideInAnyPackage("io.qaexchange.broker..", "io.qaexchange.job.query..", "io.qaexchange.job.server..", "io.qaexchange.job.cli..")
                .because("the cluster jar holds the job only").check(CLASSES);
    }

    @Test
    void doesNotSeeTheQueryEngine() {
        noClasses().that().resideInAnyPackage("io.qaexchange.job.stream..")
                .should().dependOnClassesThat().resideInAnyPackage("org.duckdb..", "org.apache.arrow..")
                .because("the cluster jar holds the job only").check(CLASSES);
    }

    @Test
    void operatorsSeeNoKafka() {
        noClasses().that().resideInAnyPackage("io.qaexchange.job.stream.archive..", "io.qaexchange.job.stream.hot..", "io.qaexchange.job.stream.ledger..", "io.qaexchange.job.stream.live..", "io.qaexchange.job.stream.store..")
                .should().dependOnClassesThat().resideInAnyPackage("org.apache.kafka..", "io.qaexchange.kafka..")
                .because("operators take events, whoever decoded them").check(CLASSES);
    }

    @Test
    void noPackagesInACircle() {
        slices().matching("io.qaexchange.job.stream.(*)..").should().beFreeOfCycles().check(CLASSES);
    }
}
