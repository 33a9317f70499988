package io.qaexchange.job.cli;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** How the commands may use each other. */
class ArchitectureTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.qaexchange.job.cli");

    @Test
    void noPackagesInACircle() {
        slices().matching("io.qaexchange.job.cli.(*)..").should().beFreeOfCycles().check(CLASSES);
    }
}
