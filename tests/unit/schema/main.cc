#include "tests/support/server_environment.h"
#include "tests/unit/schema/schema_test_server.h"

namespace gatepost::controlplane {
namespace {

[[maybe_unused]] const auto* environment = testing::AddGlobalTestEnvironment(
    new tests::ServerEnvironment(server, {"max_prepared_transactions=4"}));

}  // namespace
}  // namespace gatepost::controlplane
