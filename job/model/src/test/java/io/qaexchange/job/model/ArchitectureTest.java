package io.qaexchange.job.model;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The dependencies that the shared model may have. */
class ArchitectureTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.qaexchange.job.model");

    @Test
    void seesNoReaderAndNoWriter() {
        noClasses().that().resideInAnyPackage("io.qaexchange.job.model..")
                .should().dependOnClassesThat().resideInAnyPackage("io.qaexchange.kafka..", "io.qaexchange.broker..", "io.qaexchange.archive..", "io.qaexchange.job.stream..", "io.qaexchange.job.query..", "io.qaexchange.job.server..", "io.qaexchange.job.cli..")
                .because("the layout of a checkpoint is what both share").check(CLASSES);
    }

    @Test
    void layoutsSeeNoKafka() {
        noClasses().that().resideInAnyPackage("io.qaexchange.job.model..")
                .should().dependOnClassesThat().resideInAnyPackage("org.apache.kafka..")
                .because("keys, rows and the ledger are the same wherever events come from").check(CLASSES);
    }

    @Test
    void theLedgersArithmeticSeesNoFlink() {
        noClasses().that().resideInAnyPackage("io.qaexchange.job.model.book..")
                .should().dependOnClassesThat().resideInAnyPackage("org.apache.flink..")
                .because("it is tested with plain collections").check(CLASSES);
    }

    @Test
    void noPackagesInACircle() {
        slices().matching("io.qaexchange.job.model.(*)..").should().beFreeOfCycles().check(CLASSES);
    }
}
