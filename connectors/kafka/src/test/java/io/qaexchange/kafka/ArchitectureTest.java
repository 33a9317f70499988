package io.qaexchange.kafka;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The dependencies that the Kafka connector may have. */
class ArchitectureTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.qaexchange.kafka");

    @Test
    void seesEventsOnly() {
        noClasses().that().resideInAnyPackage("io.qaexchange.kafka..")
                .should().dependOnClassesThat().resideInAnyPackage("io.qaexchange.storage..", "io.qaexchange.state..", "io.qaexchange.broker..", "io.qaexchange.parquet..", "io.qaexchange.archive..", "io.qaexchange.job..")
                .because("source and sink know events and Kafka").check(CLASSES);
    }

    @Test
    void doesNotSeeTheBroker() {
        noClasses().that().resideInAnyPackage("io.qaexchange.kafka..")
                .should().dependOnClassesThat().resideInAnyPackage("kafka..", "org.apache.kafka.server..", "org.apache.kafka.metadata..", "org.apache.kafka.controller..")
                .because("the job has a client of Kafka, not a broker").check(CLASSES);
    }

}
