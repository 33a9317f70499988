package io.qaexchange.archive;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The dependencies that the archive may have. */
class ArchitectureTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.qaexchange.archive");

    @Test
    void seesEventsAndParquetOnly() {
        noClasses().that().resideInAnyPackage("io.qaexchange.archive..")
                .should().dependOnClassesThat().resideInAnyPackage("io.qaexchange.storage..", "io.qaexchange.state..", "io.qaexchange.kafka..", "io.qaexchange.broker..", "io.qaexchange.job..")
                .because("the archive takes finished files, whoever makes them").check(CLASSES);
    }

    @Test
    void theManifestKnowsNoSink() {
        noClasses().that().resideInAnyPackage("io.qaexchange.archive.manifest..")
                .should().dependOnClassesThat().resideInAnyPackage("io.qaexchange.archive.sink..")
                .because("readers need the manifest and no sink").check(CLASSES);
    }

    @Test
    void noPackagesInACircle() {
        slices().matching("io.qaexchange.archive.(*)..").should().beFreeOfCycles().check(CLASSES);
    }
}
