#include <gtest/gtest.h>

#include <utility>

#include "tests/unit/schema/schema_test_server.h"

namespace gatepost::controlplane {
namespace {

class Environment : public testing::Environment {
  public:
    void SetUp() override {
        server = new tests::GatepostServer;
        // Processes are killed here, the machine is not: what they wrote is there. Without it each
        // recovery would bring every file of the cluster to the disk.
        const Status started = server->start({"fsync=off"});
        ASSERT_TRUE(started) << started.error().message;
    }
    void TearDown() override { delete std::exchange(server, nullptr); }
};

[[maybe_unused]] const auto* environment = testing::AddGlobalTestEnvironment(new Environment);

}  // namespace
}  // namespace gatepost::controlplane
