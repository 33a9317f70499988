package io.qaexchange.job.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Arrows between the doors of the server, its engine, and the rest of the project. */
class ArchitectureTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.qaexchange.job.server");

    @Test
    void readsWithoutTheJobAndWithoutKafka() {
        noClasses().should().dependOnClassesThat().resideInAnyPackage("io.qaexchange.job.stream..", "io.qaexchange.job.cli..", "io.qaexchange.kafka..",
                "io.qaexchange.broker..", "org.apache.kafka..").because("a server stands beside any job of its version").check(CLASSES);
    }

    @Test
    void doorsDoNotKnowEachOther() {
        noClasses().that().resideInAPackage("..server.http..").should().dependOnClassesThat().resideInAnyPackage("..server.pg..", "..server.flight..")
                .check(CLASSES);
        noClasses().that().resideInAPackage("..server.pg..").should().dependOnClassesThat()
                .resideInAnyPackage("..server.http..", "..server.flight..", "..server.engine..", "io.qaexchange.job.query..")
                .because("the wire protocol knows sessions only").check(CLASSES);
        noClasses().that().resideInAPackage("..server.flight..").should().dependOnClassesThat()
                .resideInAnyPackage("..server.http..", "..server.pg..", "..server.engine..", "io.qaexchange.job.query..")
                .because("Flight SQL knows sessions only").check(CLASSES);
    }

    @Test
    void flightAndItsLibrariesStayBehindTheirDoor() {
        noClasses().that().resideOutsideOfPackage("..server.flight..").should().dependOnClassesThat()
                .resideInAnyPackage("org.apache.arrow.flight..", "io.grpc..", "io.netty..", "com.google.protobuf..").check(CLASSES);
    }

    @Test
    void engineAndSecurityKnowNoDoor() {
        noClasses().that().resideInAnyPackage("..server.engine..", "..server.session..", "..server.security..").should().dependOnClassesThat()
                .resideInAnyPackage("..server.http..", "..server.pg..", "..server.flight..").check(CLASSES);
    }

    @Test
    void onlyTheServerPutsThePartsTogether() {
        classes().that().resideInAPackage("io.qaexchange.job.server").should().onlyHaveDependentClassesThat().resideInAPackage("io.qaexchange.job.server")
                .check(CLASSES);
    }

    @Test
    void noPackagesInACircle() {
        slices().matching("io.qaexchange.job.server.(*)..").should().beFreeOfCycles().check(CLASSES);
    }
}
