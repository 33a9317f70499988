package io.qaexchange.iceberg;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The dependencies that the mirror may have. */
class ArchitectureTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.qaexchange.iceberg");

    @Test
    void seesArchiveAndParquetOnly() {
        noClasses().that().resideInAnyPackage("io.qaexchange.iceberg..")
                .should().dependOnClassesThat().resideInAnyPackage("io.qaexchange.storage..", "io.qaexchange.state..", "io.qaexchange.kafka..",
                        "io.qaexchange.broker..", "io.qaexchange.job..", "io.qaexchange.events..", "io.qaexchange.archive.sink..")
                .because("the mirror repeats the archive manifest, whoever writes it").check(CLASSES);
    }

    @Test
    void needsNoHadoop() {
        noClasses().that().resideInAnyPackage("io.qaexchange.iceberg..")
                .should().dependOnClassesThat().resideInAnyPackage("org.apache.hadoop..", "org.apache.iceberg.hadoop..")
                .because("it reads and writes by Flink's file systems").check(CLASSES);
    }

    @Test
    void onlyTheCatalogueOfSomebodyElseNeedsClientsOfCatalogues() {
        noClasses().that().resideInAnyPackage("io.qaexchange.iceberg..").and().doNotHaveFullyQualifiedName(OutsideCatalog.class.getName())
                .should().dependOnClassesThat().resideInAnyPackage("org.apache.iceberg.rest..", "org.apache.iceberg.jdbc..")
                .because("the mirror itself needs no catalogue").check(CLASSES);
    }

    @Test
    void readersHaveOptionsOfTheirOwn() {
        noClasses().that().doNotHaveSimpleName("ParquetReaders").should().dependOnClassesThat().haveSimpleName("ParquetReadOptions")
                .because("options hold the decompressors of a reader").check(CLASSES);
    }
}
