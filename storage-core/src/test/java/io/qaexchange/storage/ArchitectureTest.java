package io.qaexchange.storage;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import org.junit.jupiter.api.Test;

/** Arrows between packages go one way; docs/architecture.md has the picture. */
class ArchitectureTest {
    private static final String ROOT = "io.qaexchange.storage";
    private static final JavaClasses CLASSES = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages(ROOT);

    private static final SliceAssignment EACH_PACKAGE = new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
            return SliceIdentifier.of(javaClass.getPackageName());
        }

        @Override
        public String getDescription() {
            return "each package";
        }
    };

    @Test
    void packagesFormNoCycle() {
        slices().assignedFrom(EACH_PACKAGE).should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void arrowsGoOneWay() {
        layeredArchitecture().consideringOnlyDependenciesInLayers()
                .layer("error").definedBy(ROOT + ".error")
                .layer("memory").definedBy(ROOT + ".memory")
                .layer("key").definedBy(ROOT + ".key")
                .layer("encoding").definedBy(ROOT + ".encoding")
                .layer("vfs").definedBy(ROOT + ".vfs")
                .layer("api").definedBy(ROOT)
                .layer("cache").definedBy(ROOT + ".cache")
                .layer("iterator").definedBy(ROOT + ".iterator")
                .layer("wal").definedBy(ROOT + ".wal")
                .layer("memtable").definedBy(ROOT + ".memtable")
                .layer("sstable").definedBy(ROOT + ".sstable")
                .layer("manifest").definedBy(ROOT + ".manifest")
                .layer("compaction").definedBy(ROOT + ".compaction")
                .layer("checkpoint").definedBy(ROOT + ".checkpoint")
                .layer("recovery").definedBy(ROOT + ".recovery")
                .layer("engine").definedBy(ROOT + ".engine")
                .layer("tool").definedBy(ROOT + ".tool")
                .whereLayer("error").mayNotAccessAnyLayer()
                .whereLayer("memory").mayNotAccessAnyLayer()
                .whereLayer("key").mayOnlyAccessLayers("memory")
                .whereLayer("encoding").mayOnlyAccessLayers("error", "memory")
                .whereLayer("vfs").mayOnlyAccessLayers("error", "memory")
                .whereLayer("api").mayOnlyAccessLayers("error", "memory", "key", "encoding", "vfs")
                .whereLayer("iterator").mayOnlyAccessLayers("error", "memory", "key", "encoding")
                .whereLayer("cache").mayOnlyAccessLayers("error", "memory")
                .whereLayer("wal").mayOnlyAccessLayers("error", "memory", "key", "encoding", "vfs", "api")
                .whereLayer("memtable").mayOnlyAccessLayers("error", "memory", "key", "encoding", "api", "iterator")
                .whereLayer("sstable").mayOnlyAccessLayers("error", "memory", "key", "encoding", "vfs", "api", "cache", "iterator")
                .whereLayer("manifest").mayOnlyBeAccessedByLayers("compaction", "checkpoint", "recovery", "engine", "tool")
                .whereLayer("compaction").mayOnlyBeAccessedByLayers("checkpoint", "engine", "tool")
                .whereLayer("engine").mayOnlyBeAccessedByLayers("tool")
                .whereLayer("tool").mayNotBeAccessedByAnyLayer()
                .check(CLASSES);
    }

    /** Arrows that would close no cycle, but that the page does not have. */
    @Test
    void packagesAroundTheManifestSeeEachOtherAsThePageSays() {
        for (String[] arrow : new String[][] {{"recovery", "checkpoint"}, {"compaction", "checkpoint"}, {"compaction", "recovery"}, {"manifest", "wal"},
            {"manifest", "memtable"}, {"wal", "memtable"}, {"memtable", "wal"}, {"wal", "sstable"}, {"memtable", "sstable"}, {"sstable", "wal"},
            {"sstable", "memtable"}, {"key", "cache"}, {"cache", "key"}, {"iterator", "cache"}}) {
            ArchRuleDefinition.noClasses().that().resideInAPackage(ROOT + "." + arrow[0])
                    .should().dependOnClassesThat().resideInAPackage(ROOT + "." + arrow[1]).check(CLASSES);
        }
    }

    /** It hands calls to the parts; none of them knows it. */
    @Test
    void nothingOfTheEngineKnowsTheStore() {
        ArchRuleDefinition.noClasses().that().resideOutsideOfPackage(ROOT + ".tool").and().doNotHaveFullyQualifiedName(ROOT + ".engine.LsmStore")
                .and().haveNameNotMatching(".*LsmStore\\$.*")
                .should().dependOnClassesThat().haveFullyQualifiedName(ROOT + ".engine.LsmStore").check(CLASSES);
    }

    /** It decodes as much of a damaged file as there is, which reads must not. */
    @Test
    void onlyToolsInspectDamagedFiles() {
        ArchRuleDefinition.noClasses().that().resideOutsideOfPackage(ROOT + ".tool").and().haveNameNotMatching(".*SstableInspector.*")
                .should().dependOnClassesThat().haveFullyQualifiedName(ROOT + ".sstable.SstableInspector").check(CLASSES);
    }

    @Test
    void noThirdPartyLibraryButLoggingAndCodecs() {
        ArchRuleDefinition.classes().that().resideInAPackage(ROOT + "..")
                .should().onlyDependOnClassesThat().resideInAnyPackage(ROOT + "..", "java..", "com.sun.management", "com.sun.nio.file", "sun.misc", "org.slf4j..", "io.airlift.compress..")
                .check(CLASSES);
    }

    @Test
    void onlyMemoryTouchesUnsafe() {
        ArchRuleDefinition.noClasses().that().resideOutsideOfPackage(ROOT + ".memory")
                .should().dependOnClassesThat().haveFullyQualifiedName("sun.misc.Unsafe").check(CLASSES);
    }
}
