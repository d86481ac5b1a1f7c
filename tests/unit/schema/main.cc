#include <gtest/gtest.h>

#include <utility>

#include "tests/unit/schema/schema_test_server.h"

namespace gatepost::controlplane {
namespace {

class Environment : public testing::Environment {
  public:
    void SetUp() override {
        server = new tests::GatepostServer;
        const Status started = server->start({"max_prepared_transactions=4"});
        ASSERT_TRUE(started) << started.error().message;
    }
    void TearDown() override { delete std::exchange(server, nullptr); }
};

[[maybe_unused]] const auto* environment = testing::AddGlobalTestEnvironment(new Environment);

}  // namespace
}  // namespace gatepost::controlplane
