package io.qaexchange.parquet;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The dependencies that the Parquet connector may have. */
class ArchitectureTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.qaexchange.parquet");

    @Test
    void knowsNoManifestsAndNoJob() {
        noClasses().that().resideInAnyPackage("io.qaexchange.parquet..")
                .should().dependOnClassesThat().resideInAnyPackage("io.qaexchange.storage..", "io.qaexchange.state..", "io.qaexchange.kafka..", "io.qaexchange.broker..", "io.qaexchange.archive..", "io.qaexchange.job..")
                .because("files are written and read without knowing where they belong").check(CLASSES);
    }

    @Test
    void columnsAreBelowFiles() {
        noClasses().that().resideInAnyPackage("io.qaexchange.parquet.column..")
                .should().dependOnClassesThat().resideInAnyPackage("io.qaexchange.parquet")
                .because("columns know no files").check(CLASSES);
    }

    @Test
    void readersHaveOptionsOfTheirOwn() {
        noClasses().that().doNotHaveSimpleName("ParquetReaders").should().dependOnClassesThat().haveSimpleName("ParquetReadOptions")
                .because("options hold the decompressors of a reader").check(CLASSES);
    }
}
