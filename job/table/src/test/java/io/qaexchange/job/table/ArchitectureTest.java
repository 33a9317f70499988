package io.qaexchange.job.table;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The dependencies that the connector may have. */
class ArchitectureTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.qaexchange.job.table");

    @Test
    void readsThroughTheReadersOnly() {
        noClasses().should().dependOnClassesThat().resideInAnyPackage("io.qaexchange.job.stream..", "io.qaexchange.job.server..", "io.qaexchange.job.cli..",
                "io.qaexchange.kafka..", "io.qaexchange.broker..").because("it stands beside any job of its version").check(CLASSES);
        noClasses().should().dependOnClassesThat().resideInAnyPackage("org.apache.parquet..", "org.duckdb..", "org.apache.arrow..", "io.qaexchange.storage..",
                "io.qaexchange.state..").because("hot and cold rows are read by job/query").check(CLASSES);
    }

    @Test
    void showsOnlyItsFactory() {
        classes().that().doNotHaveSimpleName("UnionTableFactory").and().areTopLevelClasses().should().notBePublic().check(CLASSES);
    }
}
