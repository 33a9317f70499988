package io.qaexchange.job.query;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The dependencies that the readers may have. */
class ArchitectureTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.qaexchange.job.query");

    @Test
    void doesNotSeeTheJob() {
        noClasses().that().resideInAnyPackage("io.qaexchange.job.query..")
                .should().dependOnClassesThat().resideInAnyPackage("io.qaexchange.kafka..", "io.qaexchange.broker..", "io.qaexchange.job.stream..", "io.qaexchange.job.server..", "io.qaexchange.job.cli..")
                .because("readers share the model with the job, nothing else").check(CLASSES);
    }

    @Test
    void seesNoKafka() {
        noClasses().that().resideInAnyPackage("io.qaexchange.job.query..")
                .should().dependOnClassesThat().resideInAnyPackage("org.apache.kafka..")
                .because("queries read hot and cold rows").check(CLASSES);
    }

    @Test
    void noPackagesInACircle() {
        slices().matching("io.qaexchange.job.query.(*)..").should().beFreeOfCycles().check(CLASSES);
    }
}
