package io.qaexchange.broker;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The dependencies that the embedded broker may have. */
class ArchitectureTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.qaexchange.broker");

    @Test
    void seesNothingOfOurs() {
        noClasses().that().resideInAnyPackage("io.qaexchange.broker..")
                .should().dependOnClassesThat().resideInAnyPackage("io.qaexchange.storage..", "io.qaexchange.state..", "io.qaexchange.events..", "io.qaexchange.kafka..", "io.qaexchange.parquet..", "io.qaexchange.archive..", "io.qaexchange.job..")
                .because("a broker knows no events").check(CLASSES);
    }

}
