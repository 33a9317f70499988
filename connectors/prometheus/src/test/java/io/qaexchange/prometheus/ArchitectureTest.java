package io.qaexchange.prometheus;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Packages that the reporter may use. */
class ArchitectureTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.qaexchange.prometheus");

    @Test
    void seesNothingOfOurs() {
        noClasses().that().resideInAnyPackage("io.qaexchange.prometheus..")
                .should().dependOnClassesThat().resideInAnyPackage("io.qaexchange.storage..", "io.qaexchange.state..", "io.qaexchange.events..", "io.qaexchange.kafka..", "io.qaexchange.parquet..", "io.qaexchange.broker..", "io.qaexchange.archive..", "io.qaexchange.job..")
                .because("the reporter knows Flink only").check(CLASSES);
    }

}
