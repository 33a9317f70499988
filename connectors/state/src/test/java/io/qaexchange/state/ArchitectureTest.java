package io.qaexchange.state;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Arrows between the packages go one way, and out of the module to Flink and the engine alone. */
class ArchitectureTest {
    private static final String ROOT = "io.qaexchange.state";
    private static final String ENGINE = "io.qaexchange.storage";
    private static final JavaClasses CLASSES = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages(ROOT);

    @Test
    void packagesFormNoCycle() {
        slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void arrowsGoOneWay() {
        layeredArchitecture().consideringOnlyDependenciesInLayers()
                .layer("memory").definedBy(ROOT + ".memory")
                .layer("metrics").definedBy(ROOT + ".metrics")
                .layer("store").definedBy(ROOT + ".store")
                .layer("timers").definedBy(ROOT + ".timers")
                .layer("snapshot").definedBy(ROOT + ".snapshot")
                .layer("restore").definedBy(ROOT + ".restore")
                .layer("backend").definedBy(ROOT)
                .whereLayer("memory").mayNotAccessAnyLayer()
                .whereLayer("metrics").mayNotAccessAnyLayer()
                .whereLayer("store").mayOnlyAccessLayers("memory")
                .whereLayer("timers").mayOnlyAccessLayers("store")
                .whereLayer("snapshot").mayOnlyAccessLayers("metrics", "store", "timers")
                .whereLayer("restore").mayOnlyAccessLayers("store", "timers", "snapshot")
                .whereLayer("backend").mayNotBeAccessedByAnyLayer()
                .check(CLASSES);
    }

    /** Neither Kafka nor Parquet nor another module of the project. */
    @Test
    void moduleSeesFlinkAndTheEngineAlone() {
        classes().should().onlyDependOnClassesThat()
                .resideInAnyPackage(ROOT + "..", ENGINE + "..", "org.apache.flink..", "java..", "javax.annotation..", "org.slf4j..").check(CLASSES);
    }

    @Test
    void internalsOfTheEngineAreSeenByTheStoreAlone() {
        noClasses().that().haveNameNotMatching(".*\\.StateStore(\\$.*)?").should().dependOnClassesThat().resideInAnyPackage(
                ENGINE + ".engine..", ENGINE + ".sstable..", ENGINE + ".memtable..", ENGINE + ".wal..", ENGINE + ".manifest..", ENGINE + ".compaction..",
                ENGINE + ".checkpoint..", ENGINE + ".recovery..", ENGINE + ".iterator..", ENGINE + ".cache..", ENGINE + ".encoding..", ENGINE + ".tool..")
                .check(CLASSES);
    }
}
