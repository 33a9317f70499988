package io.qaexchange.storage;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.Test;

/** Arrows between packages go one way; docs/architecture.md has the picture. */
class ArchitectureTest {
    private static final String ROOT = "io.qaexchange.storage";
    private static final JavaClasses CLASSES = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages(ROOT);

    @Test
    void packagesFormNoCycle() {
        slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void arrowsGoOneWay() {
        layeredArchitecture().consideringOnlyDependenciesInLayers()
                .layer("memory").definedBy(ROOT + ".memory")
                .layer("key").definedBy(ROOT + ".key")
                .layer("api").definedBy(ROOT)
                .layer("encoding").definedBy(ROOT + ".encoding")
                .layer("vfs").definedBy(ROOT + ".vfs")
                .layer("manifest").definedBy(ROOT + ".manifest")
                .layer("compaction").definedBy(ROOT + ".compaction")
                .layer("recovery").definedBy(ROOT + ".recovery")
                .layer("engine").definedBy(ROOT + ".engine")
                .whereLayer("memory").mayNotAccessAnyLayer()
                .whereLayer("key").mayOnlyAccessLayers("memory")
                .whereLayer("manifest").mayOnlyBeAccessedByLayers("compaction", "recovery", "engine")
                .whereLayer("compaction").mayOnlyBeAccessedByLayers("engine")
                .whereLayer("recovery").mayOnlyBeAccessedByLayers("engine")
                .whereLayer("engine").mayNotBeAccessedByAnyLayer()
                .check(CLASSES);
    }

    @Test
    void onlyMemoryTouchesUnsafe() {
        ArchRuleDefinition.noClasses().that().resideOutsideOfPackage(ROOT + ".memory")
                .should().dependOnClassesThat().haveFullyQualifiedName("sun.misc.Unsafe").check(CLASSES);
    }
}
