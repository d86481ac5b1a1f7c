// What was acknowledged is there after every crash, once and whole.
#include <gtest/gtest.h>

#include "crash_machine.h"

namespace gatepost::dataplane {
namespace {

// Of the rounds: a sanitizer makes each some ten times as slow, and finds what it finds in fewer.
#ifdef __SANITIZE_ADDRESS__
constexpr uint64_t kShare = 5;
#else
constexpr uint64_t kShare = 1;
#endif

CrashFindings run(const CrashPlan& plan, uint64_t seeds, uint64_t first_seed = 1) {
    CrashFindings findings;
    for (uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
        CrashMachine machine(seed, plan, findings);
        machine.run();
        if (findings.wrong() != 0 && !plan.lies_about_sync) {
            ADD_FAILURE() << "seed " << seed << ": " << findings.first << " (lost " << findings.lost
                          << ", twice " << findings.twice << ", torn " << findings.torn
                          << ", unknown " << findings.unknown << ", unreadable "
                          << findings.unreadable << ")";
            break;
        }
    }
    return findings;
}

TEST(Crash, NothingAcknowledgedIsLost) {
    const CrashFindings findings = run({.generations = 4}, 600 / kShare);
    EXPECT_GT(findings.acknowledged, 8'000u / kShare);
    EXPECT_GT(findings.delivered, 2'000u / kShare);
    EXPECT_GT(findings.own_bodies, 200u / kShare);
    EXPECT_GT(findings.segments, 800u / kShare);
    EXPECT_GT(findings.checkpoints, 200u / kShare);
    EXPECT_GT(findings.compactions, 20u / kShare);
    EXPECT_GT(findings.removed, 50u / kShare);
}

TEST(Crash, AtEveryStepOfTheFirstHundred) {
    // From the first step on, so that the start, the first segment and the first commit are cut off
    // at each of their steps.
    for (unsigned steps = 1; steps <= 100; ++steps)
        run({.sessions = 3, .steps_max = steps, .generations = 2}, 10, 100'000 + steps * 10);
}

TEST(Crash, NothingIsLostWithTwoWorkers) {
    const CrashFindings findings =
        run({.workers = 2, .steps_max = 600, .generations = 4}, 250 / kShare);
    EXPECT_GT(findings.acknowledged, 4'000u / kShare);
    EXPECT_GT(findings.compactions, 20u / kShare);
}

TEST(Crash, NothingIsLostOnAFullDisk) {
    const CrashFindings findings =
        run({.steps_max = 600, .generations = 4, .capacity = 700 << 10}, 250 / kShare);
    EXPECT_GT(findings.acknowledged, 2'000u / kShare);
    EXPECT_GT(findings.refused, 100u / kShare);
}

TEST(Crash, NothingIsLostOnADiskThatFails) {
    const CrashFindings findings = run({.generations = 4, .failing_writes = 3}, 300 / kShare);
    EXPECT_GT(findings.acknowledged, 2'000u / kShare);
    EXPECT_GT(findings.refused, 100u / kShare);
}

// The checks above are able to fail.
TEST(Crash, ADiskThatLiesAboutSyncIsFoundOut) {
    const CrashFindings findings = run({.lies_about_sync = true}, 100 / kShare);
    EXPECT_GT(findings.lost, 10u / kShare);
}

}  // namespace
}  // namespace gatepost::dataplane
