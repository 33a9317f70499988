package io.qaexchange.events;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The dependencies that the event module may have. */
class ArchitectureTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.qaexchange.events");

    @Test
    void seesNothingElseOfOurs() {
        noClasses().that().resideInAnyPackage("io.qaexchange.events..")
                .should().dependOnClassesThat().resideInAnyPackage("io.qaexchange.storage..", "io.qaexchange.state..", "io.qaexchange.kafka..", "io.qaexchange.broker..", "io.qaexchange.parquet..", "io.qaexchange.archive..", "io.qaexchange.job..")
                .because("events are what everything else is about").check(CLASSES);
    }

    @Test
    void onlyThePublisherSeesKafka() {
        noClasses().that().resideInAnyPackage("io.qaexchange.events", "io.qaexchange.events.flink..", "io.qaexchange.events.generator..", "io.qaexchange.events.instruments..", "io.qaexchange.events.replay..")
                .should().dependOnClassesThat().resideInAnyPackage("org.apache.kafka..")
                .because("keys and codecs are the same wherever events come from").check(CLASSES);
    }

    @Test
    void onlyThePackageFlinkSeesFlink() {
        noClasses().that().resideInAnyPackage("io.qaexchange.events", "io.qaexchange.events.publish..", "io.qaexchange.events.generator..", "io.qaexchange.events.instruments..", "io.qaexchange.events.replay..")
                .should().dependOnClassesThat().resideInAnyPackage("org.apache.flink..")
                .because("a publisher in a trading engine has no Flink").check(CLASSES);
    }

    @Test
    void noPackagesInACircle() {
        slices().matching("io.qaexchange.events.(*)..").should().beFreeOfCycles().check(CLASSES);
    }
}
